"""Files: every path below the data folder, the ledger, markers."""
