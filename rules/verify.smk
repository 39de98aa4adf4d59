# In:  all that is stored of the chosen years: responses, markers, tables, databases
# Out: <data>/verified/{dataset}/{period}.json       the verdict
#      <data>/verified/summary.txt                   all verdicts of a run as a table
#      <data>/runs/{run}/verified/…                  a copy of each in the run's own folder, which
#                                                    rules declare: so every run reads again

from isone.audit.verify import outputs as verify_outputs


rule verify:
    """The deep check of everything that is stored of the chosen years."""
    input:
        f"<data>/runs/{status.current_id()}/verified/summary.txt",


# Without input: what is damaged or missing is to be named, not rebuilt.
rule verify_prices:
    """Reads a dataset's year again. In: its responses, marker, table and rows in databases.
    Out: a verdict."""
    output:
        verdict="<data>/runs/{run}/verified/{dataset}/{period}.json",
    log:
        "<data>/runs/{run}/logs/verify_{dataset}_{period}.log",
    retries: 0
    conda:
        "../envs/load.yaml"
    message:
        "Read everything of {wildcards.dataset} {wildcards.period} again"
    script:
        "../scripts/verify_prices.py"


rule summarize_verdicts:
    """Sums up the deep check. In: the verdicts of a run. Out: a table of them."""
    input:
        verify_outputs.targets(
            "<data>/runs/{run}/verified/{dataset}/{period}.json", RUN.store, RUN.dataset_years
        ),
    output:
        summary="<data>/runs/{run}/verified/summary.txt",
    log:
        "<data>/runs/{run}/logs/verify.log",
    retries: 0
    conda:
        "../envs/load.yaml"
    message:
        "Sum up what the deep check has found"
    script:
        "../scripts/summarize_verdicts.py"
