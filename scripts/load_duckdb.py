"""Build the DuckDB file from everything that is packed; `--help` tells how by hand."""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone.load import jobs  # noqa: E402 - found only now
from isone.run import journal, settings  # noqa: E402 - found only now

with journal.sentences():
    if "snakemake" in globals():
        sys.exit(
            jobs.load_duckdb(
                snakemake.config,
                log_path=snakemake.log[0],
                threads=snakemake.threads,
            )
        )
    parser = argparse.ArgumentParser(
        prog="python scripts/load_duckdb.py",
        description="Build the DuckDB file again from everything that is packed.",
    )
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the data lies")
    parser.add_argument("--source", help="sandbox for its synthetic prices")
    given = {key: value for key, value in vars(parser.parse_args()).items() if value is not None}
    config = settings.config_of_this_folder() | given
    sys.exit(jobs.load_duckdb(config, log_path=None, threads=os.cpu_count() or 1))
