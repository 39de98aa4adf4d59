# In:  {data}/parquet/{dataset}/{period}.parquet             the packed years, and their receipts:
#      {data}/packed/{dataset}/{period}.json
#      {data}/complete/{dataset}/{period}.json               their manifests
# Out: {data}/isone.duckdb                                   not Snakemake's to delete, so with
#      {data}/loaded/isone.duckdb.json                       a receipt of what it was built from
#      schema isone of the PostgreSQL that `database` names, with a receipt for each year:
#      {data}/loaded/{digest of the address}/{dataset}/{period}.json

from isone.database import layout
from isone.database.outputs import Loading

LOADING = Loading(RUN.settings, RUN.store, RUN.jobs)


rule load:
    input:
        LOADING.outcome,


rule load_duckdb:
    input:
        PACKING.receipts,
    output:
        receipt=LOADING.duckdb_receipt,
    log:
        RUN.settings.log_dir / "load_duckdb.log",
    retries: 0
    conda:
        "../envs/load.yaml"
    threads: 4
    params:
        layout=layout.digest(),
        content=LOADING.duckdb_content,
    message:
        "Load everything that is packed into DuckDB"
    script:
        "../scripts/load_duckdb.py"


rule load_postgres:
    input:
        PACKING.receipt,
    output:
        receipt=LOADING.postgres_receipt(),
    log:
        RUN.settings.log_dir / "load_postgres_{dataset}_{period}.log",
    retries: 0
    conda:
        "../envs/load.yaml"
    params:
        layout=layout.digest(),
        hypertables=RUN.settings.timescaledb,
    message:
        "Load {wildcards.dataset} {wildcards.period} into PostgreSQL"
    script:
        "../scripts/load_postgres.py"
