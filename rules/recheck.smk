# In:  final days that are had, the newest `recheck_days` of them, and what is served for them now
# Out: <data>/rechecked/{dataset}/{days}.on-{time}.json    what was compared, what was corrected;
#      <data>/runs/{run}/rechecked/…                       rules declare a copy in the run's folder
#      <data>/superseded/{dataset}/…                       responses that ISO-NE has corrected since
#      snakemake -j1 --config years=2026 recheck_days=14 -- recheck

from isone.audit.recheck import outputs as recheck_outputs


localrules:
    recheck_prices,


rule recheck:
    """The newest final days of every chosen dataset, compared with what is served now."""
    input:
        recheck_outputs.targets("<data>/runs/{run}/rechecked/{dataset}/{days}.json", RUN.settings),


# Without input: only what is had is asked for again.
rule recheck_prices:
    """Asks again for days that are stored. In: the service. Out: a note of what differs; a
    corrected day takes the place of the stored one."""
    output:
        note="<data>/runs/{run}/rechecked/{dataset}/{days}.json",
    log:
        "<data>/runs/{run}/logs/recheck_{dataset}_{days}.log",
    wildcard_constraints:
        days=r"\d{8}-\d{8}",
    retries: 0
    conda:
        "../envs/download.yaml"
    resources:
        isone_api=1,
    message:
        "Ask again for {wildcards.dataset} {wildcards.days}"
    script:
        "../scripts/recheck_prices.py"
