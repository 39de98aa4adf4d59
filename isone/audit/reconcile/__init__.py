"""Our prices held against ISO-NE's own figures: its monthly averages, its yearly workbook."""
