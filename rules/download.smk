# In:  ISO-NE's web services, or the sandbox
# Out: <data>/raw/{dataset}/{year}/{day}.json.gz     responses as served; not Snakemake's to delete
#      <data>/complete/{dataset}/{period}.json       the marker of a complete year, and its manifest
#      <data>/complete/custom/{name}.json            the marker of a custom download


wildcard_constraints:
    dataset="|".join(DATASETS),
    period=periods.PATTERN,
    name=r"[A-Za-z0-9_.-]+",
    run=r"\d{8}T\d{6}Z-[0-9a-f]{8}",


# On a cluster too these run beside Snakemake: there the network and the account are.
localrules:
    download_prices,
    download_custom,


rule download:
    """Every chosen year and custom download complete: their markers."""
    input:
        each("<data>/complete/{dataset}/{period}.json", RUN.dataset_years),
        each_custom("<data>/complete/custom/{name}.json", RUN.custom),


rule download_prices:
    """Requests what is missing of a dataset's year. In: the service. Out: a response for
    each day, and the marker of the complete year."""
    output:
        marker="<data>/complete/{dataset}/{period}.json",
    log:
        "<logs>/isone_{dataset}_{period}.log",
    priority: RUN.price_priority
    conda:
        "../envs/download.yaml"
    resources:
        isone_api=1,
        attempt=lambda wildcards, attempt: attempt,
    message:
        "Download {wildcards.dataset} {wildcards.period}"
    script:
        "../scripts/download_prices.py"


rule download_custom:
    """Runs a program of your own. In: its entry in the file `downloads`. Out: its marker."""
    output:
        marker="<data>/complete/custom/{name}.json",
    log:
        "<logs>/{name}.log",
    priority: RUN.custom_priority
    conda:
        "../envs/download.yaml"
    resources:
        isone_api=1,
        attempt=lambda wildcards, attempt: attempt,
    message:
        "Run the custom download {wildcards.name}"
    script:
        "../scripts/download_custom.py"
