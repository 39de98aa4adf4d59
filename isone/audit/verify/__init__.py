"""The deep check: everything that is stored, read again and compared with everything else.

- `year`: a dataset-year from marker to databases, in order; compares the Parquet file itself.
- `marker`: the marker, compared with its name and the calendar.
- `responses`: each response, validated again; its rows are read by `raw`, apart from packing.
- `databases`: DuckDB and PostgreSQL, compared with the Parquet files.
- `findings`: what these note; `verdict`: what is kept of it, and the table of all.
- `repair`: removes what is damaged, so that the next run brings it again.
"""
