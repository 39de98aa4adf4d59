"""The deep check: everything that is stored, read again and held against everything else."""
