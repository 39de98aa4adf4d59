"""Write each figure of the report as SVG, PNG and CSV; `--help` tells how by hand."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone.report import jobs  # noqa: E402 - found only now
from isone.run import journal, settings  # noqa: E402 - found only now

with journal.sentences():
    if "snakemake" in globals():
        sys.exit(jobs.write_figures(snakemake.config, log_path=snakemake.log[0]))
    parser = argparse.ArgumentParser(
        prog="python scripts/write_figures.py",
        description="Write each figure of the report as SVG, PNG and CSV.",
    )
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the data lies")
    parser.add_argument("--source", help="sandbox for its synthetic prices")
    parser.add_argument(
        "--folder", type=Path, help="where it goes; by default where the workflow has it"
    )
    given = {key: value for key, value in vars(parser.parse_args()).items() if value is not None}
    folder = given.pop("folder", None)
    config = settings.config_of_this_folder() | given
    sys.exit(jobs.write_figures(config, log_path=None, folder=folder))
