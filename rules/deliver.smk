# Run by itself, after the workflow, with the plugins that `make plugins` adds:
#     snakemake -s rules/deliver.smk -j4 --config to=s3://bucket/isone
# In:  <data>/parquet/{dataset}/{period}.parquet, <data>/isone.duckdb
#      reports/isone.html, reports/key_numbers.csv
# Out: below `to`: parquet/{dataset}/{year}.parquet, and the others under their names;
#      what lies there and is newer than its file stays as it is

import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir).parent))

from isone.report.deliver import Delivery
from isone.errors import IsoneError


configfile: Path(workflow.basedir).parent / "config.yaml"


if Path("config.yaml").exists():

    configfile: "config.yaml"


storage s3:
    provider="s3",


try:
    DELIVERY = Delivery.of(config)
except IsoneError as error:
    sys.exit(f"error: {error}")


rule deliver:
    """Tables, database and report in the object store that `to` names."""
    default_target: True
    input:
        [storage.s3(f"{DELIVERY.to}/{name}") for name in DELIVERY.files],


rule deliver_file:
    """Copies a file. In: a file of a run. Out: the same file in the object store."""
    input:
        DELIVERY.source,
    output:
        storage.s3(DELIVERY.to + "/{name}"),
    message:
        "Hand over {wildcards.name}"
    shell:
        "cp {input:q} {output:q}"
