# In:  <data>/complete/{dataset}/{period}.json       the marker of a complete year
#      <data>/raw/{dataset}/{year}/{day}.json.gz     the responses that it names, by their digests
# Out: <data>/parquet/{dataset}/{period}.parquet     the year's table; it stays until the next one is
#      <data>/packed/{dataset}/{period}.json         whole, so the rule declares its marker
#      <data>/parquet/datapackage.json               what all the tables hold, for other programs,
#      <data>/packed/datapackage.json                and its marker
# Whether a marker holds is looked into when a run begins, so inputs are `ancient` here.


rule pack:
    """Every chosen year as a Parquet file, and a description of all of them."""
    input:
        each("<data>/packed/{dataset}/{period}.json", RUN.dataset_years),
        once("<data>/packed/datapackage.json", RUN.dataset_years),


rule pack_prices:
    """Packs a dataset's year. In: its marker, and the responses that this names. Out: a
    Parquet file, and its marker."""
    input:
        marker=ancient("<data>/complete/{dataset}/{period}.json"),
    output:
        marker="<data>/packed/{dataset}/{period}.json",
    log:
        "<logs>/pack_{dataset}_{period}.log",
    retries: 0
    conda:
        "../envs/pack.yaml"
    message:
        "Pack {wildcards.dataset} {wildcards.period}"
    script:
        "../scripts/pack_prices.py"


rule describe_tables:
    """Describes the tables for other programs. In: the markers of packed years. Out:
    datapackage.json, and its marker."""
    input:
        ancient(each("<data>/packed/{dataset}/{period}.json", RUN.dataset_years)),
    output:
        marker="<data>/packed/datapackage.json",
    log:
        "<logs>/describe_tables.log",
    retries: 0
    conda:
        "../envs/pack.yaml"
    message:
        "Describe the tables that are packed"
    script:
        "../scripts/describe_tables.py"
