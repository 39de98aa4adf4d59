"""From proven days to Parquet files that describe themselves."""
