"""Our prices compared with ISO-NE's own figures: its monthly averages, its yearly workbook.

- `ours`: our hourly prices, from the packed tables.
- `averages` and `workbook`: ISO-NE's figures, and how ours compare with them.
- `results`: what was compared, as it is kept; `verdict`: what that comes to, in a sentence.
"""
