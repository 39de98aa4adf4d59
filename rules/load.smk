# In:  <data>/parquet/{dataset}/{period}.parquet             the packed years, and their markers:
#      <data>/packed/{dataset}/{period}.json
#      <data>/complete/{dataset}/{period}.json               their manifests
# Out: <data>/isone.duckdb                                   not Snakemake's to delete, so with
#      <data>/loaded/isone.duckdb.json                       a marker of what it was built from
#      schema isone of the PostgreSQL that `database` names, with a marker for each year:
#      <data>/loaded/{digest of the address}/{dataset}/{period}.json


pathvars:
    database=load_outputs.folder_of(RUN.settings),


rule load:
    """Every chosen year in DuckDB, and in PostgreSQL where `database` names one."""
    input:
        once("<data>/loaded/isone.duckdb.json", RUN.dataset_years),
        each(
            "<data>/loaded/<database>/{dataset}/{period}.json",
            RUN.dataset_years if RUN.settings.database else [],
        ),


rule load_duckdb:
    """Loads all that is packed. In: the Parquet files. Out: isone.duckdb, and its marker."""
    input:
        ancient(each("<data>/packed/{dataset}/{period}.json", RUN.dataset_years)),
    output:
        marker="<data>/loaded/isone.duckdb.json",
    log:
        "<logs>/load_duckdb.log",
    retries: 0
    conda:
        "../envs/load.yaml"
    threads: 4
    message:
        "Load the tables into DuckDB"
    script:
        "../scripts/load_duckdb.py"


rule load_postgres:
    """Loads a dataset's year. In: its Parquet file. Out: rows in PostgreSQL, and a marker."""
    input:
        ancient("<data>/packed/{dataset}/{period}.json"),
    output:
        marker="<data>/loaded/<database>/{dataset}/{period}.json",
    log:
        "<logs>/load_postgres_{dataset}_{period}.log",
    retries: 0
    conda:
        "../envs/load.yaml"
    message:
        "Load {wildcards.dataset} {wildcards.period} into PostgreSQL"
    script:
        "../scripts/load_postgres.py"
