"""The packed tables in databases: DuckDB and PostgreSQL. SQL stands here and nowhere else."""
