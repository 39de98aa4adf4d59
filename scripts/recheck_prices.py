"""A dataset's newest final days, asked for again; run by the rule of the same name."""

import sys

from isone.recheck import jobs

sys.exit(
    jobs.recheck_prices(
        snakemake.config,
        dataset=snakemake.wildcards.dataset,
        days=snakemake.wildcards.days,
        log_path=snakemake.log[0],
    )
)
