"""What the report asks of the DuckDB file: aggregates only, never the rows themselves.

Every query returns an Arrow table of at most some ten thousand rows, empty where nothing is loaded.
Days and hours are New England's; prices $/MWh unless a column says otherwise. `year` 0 stands for
all years together (`isone.report.periods.ALL_YEARS`).
"""
