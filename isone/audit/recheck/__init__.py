"""Days that are had, asked for again: what ISO-NE has published since."""
