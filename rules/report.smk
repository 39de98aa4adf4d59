# In:  <data>/isone.duckdb, by its marker <data>/loaded/isone.duckdb.json
#      <data>/complete, raw, rejected, verified, runs   what is known of each day
#      <data>/reconciled/*.json, where there are any   our prices against ISO-NE's own averages
# Out: reports/isone.html                              the page
#      reports/key_numbers.csv                         its headlines
#      <data>/reported/drawings.json                   what its figures are drawn from
#      reports/figures/{figure}.svg, .png, .csv        its charts, and the data of each
#      <data>/reported/drawn.json                      digests, so that only what changed is drawn
#      <data>/reported/page.json, figures.json         their markers: what they show stays until the
#                                                      next is whole, so rules declare these,
#      <data>/reported/isone.html, …                   and copies for `snakemake --report`
#      For the sandbox's synthetic prices: reports/sandbox. Another data_dir has a reports/ within.


rule report:
    """The page and its figures, as the stored data is now."""
    input:
        once("<data>/reported/page.json", RUN.dataset_years),
        once("<data>/reported/figures.json", RUN.dataset_years),


rule write_report:
    """Writes the page. In: isone.duckdb, and what checks found. Out: isone.html and
    key_numbers.csv, with copies, what the figures are drawn from, and a marker."""
    input:
        database=ancient("<data>/loaded/isone.duckdb.json"),
    output:
        marker="<data>/reported/page.json",
        drawings="<data>/reported/drawings.json",
        page=report(
            "<data>/reported/isone.html",
            caption="../isone/report/captions/page.rst",
            category="Report",
            labels={"file": "The report"},
        ),
        numbers=report(
            "<data>/reported/key_numbers.csv",
            caption="../isone/report/captions/key_numbers.rst",
            category="Report",
            labels={"file": "Key numbers"},
        ),
    log:
        "<logs>/write_report.log",
    retries: 0
    conda:
        "../envs/report.yaml"
    message:
        "Write the report"
    script:
        "../scripts/write_report.py"


rule write_figures:
    """Draws the page's figures, where they changed. In: what the page's job left. Out: each
    figure as SVG, PNG and CSV, with copies, and their marker."""
    input:
        page=ancient("<data>/reported/page.json"),
        drawings=ancient("<data>/reported/drawings.json"),
    output:
        marker="<data>/reported/figures.json",
        figures=report(
            directory("<data>/reported/figures"),
            patterns=["{figure}.svg"],
            caption="../isone/report/captions/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        "<logs>/write_figures.log",
    retries: 0
    conda:
        "../envs/report.yaml"
    message:
        "Draw the report's figures"
    script:
        "../scripts/write_figures.py"
