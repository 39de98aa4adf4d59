"""The packed tables in databases: DuckDB and PostgreSQL, their schema and views."""
