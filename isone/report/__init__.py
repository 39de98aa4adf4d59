"""The report: one page of coverage, prices and quality, and its figures as files."""
