"""A configuration and a run of it."""
