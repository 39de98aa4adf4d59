"""From requests to validated days and the markers of complete years."""
