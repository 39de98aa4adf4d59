# In:  {data}/isone.duckdb, by its receipt {data}/loaded/isone.duckdb.json
#      {data}/complete, raw, refused, verified, jobs   what is known of each day
#      {data}/reconciled/*.json, where there are any   our prices against ISO-NE's own averages
# Out: reports/isone.html                              the page
#      reports/key_numbers.csv                         its headlines
#      reports/figures/{figure}.svg, .png, .csv        its charts, and the data of each
#      For the sandbox's invented prices all of these lie in reports/sandbox.

from isone.reconcile.outputs import results
from isone.report import outputs

REPORT = outputs.Outputs.of(RUN.settings)


rule report:
    input:
        REPORT.outcome(RUN.jobs),


# Of a reconciliation only what is there is taken: a new one writes the page again, none is needed.
rule write_report:
    input:
        database=LOADING.duckdb_receipt,
        reconciled=results(RUN.store),
    output:
        page=report(
            REPORT.page,
            caption="../isone/report/captions/page.rst",
            category="Report",
            labels={"file": "The report"},
        ),
        numbers=report(
            REPORT.key_numbers,
            caption="../isone/report/captions/key_numbers.rst",
            category="Report",
            labels={"file": "Key numbers"},
        ),
    log:
        RUN.settings.log_dir / "write_report.log",
    retries: 0
    conda:
        "../envs/report.yaml"
    params:
        recipe=outputs.digest(),
    message:
        "Write the report"
    script:
        "../scripts/write_report.py"


rule write_figures:
    input:
        database=LOADING.duckdb_receipt,
    output:
        figures=report(
            directory(REPORT.figures),
            patterns=["{figure}.svg"],
            caption="../isone/report/captions/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        RUN.settings.log_dir / "write_figures.log",
    retries: 0
    conda:
        "../envs/report.yaml"
    params:
        recipe=outputs.digest(),
    message:
        "Draw the report's figures as files"
    script:
        "../scripts/write_figures.py"
