# In:  all that is stored of the chosen years: responses, markers, tables, databases
# Out: <data>/verified/{dataset}/{period}.json       the verdict; rules declare a copy of it in the
#      <data>/runs/{run}/verified/…                  run's own folder, so every run reads again
#      <data>/verified/summary.txt                   all verdicts of a run as a table

from isone.audit.verify import outputs as verify_outputs


# No file says that this was done, so it is done whenever it is asked for.
rule verify:
    input:
        verify_outputs.targets(
            "<data>/runs/{run}/verified/{dataset}/{period}.json", RUN.store, RUN.dataset_years
        ),
    log:
        "<logs>/verify.log",
    retries: 0
    conda:
        "../envs/load.yaml"
    message:
        "Sum up what the deep check has found"
    script:
        "../scripts/summarize_verdicts.py"


# Without input: what is damaged or missing is to be named, not rebuilt.
rule verify_prices:
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
