"""From requests to proven days and the markers of proven years."""
