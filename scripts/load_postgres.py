"""Load what is packed into PostgreSQL; `--help` tells how by hand."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone.load import jobs  # noqa: E402 - found only now
from isone.run import journal, settings  # noqa: E402 - found only now

with journal.sentences():
    if "snakemake" in globals():
        sys.exit(
            jobs.load_postgres(
                snakemake.config,
                dataset=snakemake.wildcards.dataset,
                period=snakemake.wildcards.period,
                log_path=snakemake.log[0],
            )
        )
    parser = argparse.ArgumentParser(
        prog="python scripts/load_postgres.py",
        description="Load everything that is packed into PostgreSQL. What is loaded already stays.",
    )
    parser.add_argument("--database", metavar="URL", help="by default the one of config.yaml")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the data lies")
    parser.add_argument("--source", help="sandbox for its synthetic prices")
    parser.add_argument(
        "--rebuild", action="store_true", help="drop the schema first and load everything again"
    )
    options = vars(parser.parse_args())
    rebuild = options.pop("rebuild")
    given = {key: value for key, value in options.items() if value is not None}
    sys.exit(jobs.load_all_postgres(settings.config_of_this_folder() | given, rebuild=rebuild))
