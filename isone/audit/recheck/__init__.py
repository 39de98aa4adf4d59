"""Days that are stored, asked for again: what ISO-NE has published since."""
