"""Our prices compared with ISO-NE's own figures: its monthly averages, its yearly workbook."""
