"""Pack a complete dataset-year; run by the rule of the same name."""

import sys

if "snakemake" not in globals():
    sys.exit("error: this is for Snakemake to run: snakemake -j1 --config years=2024 -- pack")

from isone.pack import jobs  # noqa: E402 - found only then
from isone.run import journal  # noqa: E402 - found only then

with journal.sentences():
    sys.exit(
        jobs.pack_prices(
            snakemake.config,
            dataset=snakemake.wildcards.dataset,
            period=snakemake.wildcards.period,
            log_path=snakemake.log[0],
        )
    )
