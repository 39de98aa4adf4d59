"""Read everything that is stored again, and say what it is worth; `--help` tells how by hand."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone.audit.verify import jobs, outputs  # noqa: E402
from isone.market.datasets import DATASETS  # noqa: E402
from isone.run import journal, settings  # noqa: E402 - found only now
from isone.store.store import Store  # noqa: E402

with journal.sentences():
    if "snakemake" in globals():
        sys.exit(
            jobs.verify_prices(
                snakemake.config,
                dataset=snakemake.wildcards.dataset,
                period=snakemake.wildcards.period,
                target=snakemake.output[0],
                log_path=snakemake.log[0],
            )
        )
    parser = argparse.ArgumentParser(
        prog="python scripts/verify_prices.py",
        description="Read everything that is stored again: responses against their digests and the "
        "calendar, tables and databases against the responses. Ends with 1 where something is "
        "damaged.",
    )
    parser.add_argument("--years", nargs="+", metavar="YEAR", help="by default all that are here")
    parser.add_argument("--datasets", nargs="+", metavar="NAME", help="by default all")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the data lies")
    parser.add_argument("--source", help="sandbox for its synthetic prices")
    parser.add_argument("--database", metavar="URL", help="a PostgreSQL to compare too")
    parser.add_argument(
        "--fetch-again",
        dest="refetch",
        action="store_true",
        default=None,
        help="put what is damaged aside, so that the next run brings just that again",
    )
    options = vars(parser.parse_args())
    years, datasets = options.pop("years"), options.pop("datasets")
    settings.refuse_unknown(datasets or [], DATASETS, "dataset")
    given = {key: value for key, value in options.items() if value is not None}
    config = settings.config_of_this_folder() | given
    store = Store(settings.read_settings(config).store_dir)
    wanted = settings.parse_years(years or [])
    chosen = [
        (dataset, period)
        for dataset, period in outputs.complete_names(store)
        if (not datasets or dataset in datasets) and (not wanted or int(period[:4]) in wanted)
    ]
    sys.exit(jobs.verify_by_hand(config, chosen))
