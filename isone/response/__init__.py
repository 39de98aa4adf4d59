"""A response becomes rows: read, validated, compared."""
