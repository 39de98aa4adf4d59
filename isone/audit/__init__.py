"""What is stored, checked again, in three ways.

- `verify`, the deep check: all that is stored, compared with itself; no request is sent.
- `recheck`: final days that are stored, compared with what ISO-NE serves now.
- `reconcile`: our prices, compared with averages and a workbook that ISO-NE publishes.
"""
