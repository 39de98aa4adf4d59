"""Write each figure of the report as SVG, PNG and CSV; `--help` tells how by hand."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone import journal, settings  # noqa: E402 - found only now
from isone.report import jobs, outputs  # noqa: E402 - found only now

with journal.sentences():
    if "snakemake" in globals():
        sys.exit(
            jobs.write_figures(snakemake.config, log_path=snakemake.log[0], folder=outputs.FOLDER)
        )
    parser = argparse.ArgumentParser(
        prog="python scripts/write_figures.py",
        description="Write each figure of the report as SVG, PNG and CSV.",
    )
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the data lies")
    parser.add_argument("--source", help="sandbox for its invented prices")
    parser.add_argument(
        "--folder", type=Path, default=outputs.FOLDER, help="where it goes (default: %(default)s)"
    )
    given = {key: value for key, value in vars(parser.parse_args()).items() if value is not None}
    folder = given.pop("folder")
    config = settings.config_of_this_folder() | given
    sys.exit(jobs.write_figures(config, log_path=None, folder=folder))
