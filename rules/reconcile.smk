# In:  <data>/packed/{dataset}/{period}.json            our prices at hub and zones, packed
#      ISO-NE's monthly averages, or the yearly workbook that `smd` names
# Out: <data>/reconciled/monthly_averages.json, workbook.json   month by month, hour by hour
#      <data>/reconciled/summary.txt                            what it came to, in a sentence
#      <data>/runs/{run}/reconciled/summary.txt                 rules declare the run's own copy
#      <data>/raw/lmp_index/…                                   the averages as served
#      The report shows them: the next run writes it again.
#      snakemake -j1 --config years=2024 data_types=lmp markets="da rt-hourly" -- reconcile

from isone.audit.reconcile import outputs as reconcile_outputs


localrules:
    reconcile_prices,


rule reconcile:
    """The chosen prices compared with ISO-NE's own averages."""
    input:
        f"<data>/runs/{status.current_id()}/reconciled/summary.txt",


rule reconcile_prices:
    """Compares prices month by month or hour by hour. In: Parquet files, and ISO-NE's
    averages or workbook. Out: the differences, and a summary."""
    input:
        packed=ancient(
            each(
                "<data>/packed/{dataset}/{period}.json",
                reconcile_outputs.chosen(RUN.settings, RUN.dataset_years),
            )
        ),
        workbook=[str(RUN.settings.smd)] if RUN.settings.smd else [],
    output:
        summary="<data>/runs/{run}/reconciled/summary.txt",
    log:
        "<data>/runs/{run}/logs/reconcile.log",
    retries: 0
    conda:
        "../envs/pack.yaml"
    resources:
        isone_api=1,
    message:
        "Compare the prices with ISO-NE's own figures"
    script:
        "../scripts/reconcile_prices.py"
