# In:  <data>/parquet/{dataset}/{period}.parquet        our prices at hub and zones
#      ISO-NE's monthly averages, or the yearly workbook that `smd` names
# Out: <data>/reconciled/monthly_averages.json, workbook.json   month by month, hour by hour
#      <data>/raw/lmp_index/…                                   the averages as served
#      The report shows them: the next run writes it again.
#      snakemake -j1 --config years=2024 data_types=lmp markets="da rt-hourly" -- reconcile

from isone.audit.reconcile import outputs as reconcile_outputs


localrules:
    reconcile,


# No file says that this was done, so it is done whenever it is asked for.
rule reconcile:
    input:
        packed=ancient(
            each(
                "<data>/packed/{dataset}/{period}.json",
                reconcile_outputs.chosen(RUN.settings, RUN.dataset_years),
            )
        ),
        workbook=[str(RUN.settings.smd)] if RUN.settings.smd else [],
    log:
        "<logs>/reconcile.log",
    retries: 0
    conda:
        "../envs/pack.yaml"
    resources:
        isone_api=1,
    message:
        "Compare the prices with ISO-NE's own figures"
    script:
        "../scripts/reconcile_prices.py"
