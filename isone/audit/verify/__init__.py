"""The deep check: everything that is stored, read again and compared with everything else."""
