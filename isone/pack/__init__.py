"""From validated days to Parquet files that describe themselves."""
