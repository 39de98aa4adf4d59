"""What a person does by hand with the data that is here: `python -m isone status`, and others."""

import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isone.errors import UsageError
from isone.market.datasets import DATASETS
from isone.run import job, status
from isone.run.arguments import Parser
from isone.run.settings import (
    config_of_this_folder,
    parse_day,
    parse_years,
    read_settings,
    refuse_unknown,
)
from isone.run.summary import summary
from isone.store.periods import year_of
from isone.store.store import Store

COMMANDS = {
    "status": "Show what has become of the newest run, or of all that go on.",
    "doctor": "Find out what is wrong: versions, folder, disk, account, proxy, and one day of each "
    "dataset, in at most 30 requests. Writes doctor.json, to attach to a report of an error. Ends "
    "with 1 where something did not answer.",
    "verify": "Read everything that is stored again: responses against their digests and the "
    "calendar, tables and databases against the responses. Ends with 1 where something is damaged.",
    "load": "Load everything that is packed into DuckDB or PostgreSQL.",
    "report": "Write the page of coverage, prices and quality from the DuckDB file.",
    "figures": "Write each figure of the report as SVG, PNG and CSV.",
    "export": "Write packed prices as CSV: UTF-8, timestamps in UTC and in market time.",
}


def main(words: Sequence[str]) -> None:
    """Do what a command line says. Raises UsageError, in one sentence, where it is wrong."""
    name, *rest = words or ["--help"]
    if name in {"-h", "--help"}:
        print(_overview())
        return
    refuse_unknown([name], COMMANDS, "command")
    options = _parser(name).parse_args(rest)
    _DO[name](options)


def show_status(options: Namespace) -> None:
    """What has become of the newest run, from its files."""
    config = _config(options)
    settings = read_settings(config)
    store = Store(settings.store_dir) if options.source else status.newest_store(settings)
    for each in status.going_on(store) or [status.shown_id(store)]:
        print(summary(store, run=each))


def doctor(options: Namespace) -> None:
    """See whether this machine and the service are what the workflow takes them to be."""
    from isone.audit.doctor.jobs import examine

    folder = options.folder or Path("doctor")
    if not examine(read_settings(_config(options)), folder, everything=options.everything):
        sys.exit(job.FAILED)


def verify(options: Namespace) -> None:
    """Read dataset-years again, one after the other, and sum up."""
    from isone.audit.verify import jobs, outputs

    refuse_unknown(options.datasets or [], DATASETS, "dataset")
    years = parse_years(options.years or [])
    with job.by_hand("verify", _config(options, "database", "refetch")) as it:
        it.command("python -m isone verify")
        verdicts = [
            jobs.verify_prices(it, dataset, period)
            for dataset, period in outputs.complete_names(it.store)
            if (not options.datasets or dataset in options.datasets)
            and (not years or year_of(period) in years)
        ]
        jobs.summarize_verdicts(it, verdicts)


def load(options: Namespace) -> None:
    """Load everything that is packed; what is in PostgreSQL already stays."""
    from isone.load import jobs, outputs

    if options.to == "duckdb":
        if options.database or options.rebuild:
            raise UsageError("--database and --rebuild go with --to postgres")
        config = _config(options)
        _require_packed(config)
        with job.by_hand("load_duckdb", config) as it:
            jobs.load_duckdb(it, it.store.duckdb_marker, threads=os.cpu_count() or 1)
    else:
        config = _config(options, "database")
        _require_packed(config)
        with job.by_hand("load_postgres", config) as it:
            jobs.load_years(it, outputs.packed_names(it.store), rebuild=options.rebuild)


def report(options: Namespace) -> None:
    """Write the page, or its figures: where the workflow has them, or into a folder."""
    from isone.report import jobs, outputs

    is_page = options.command == "report"
    config = _config(options)
    store = Store(read_settings(config).store_dir)
    if not (is_page and store.has_downloads()) and not store.duckdb_path.exists():
        _require_packed(config)
    with job.by_hand("write_report" if is_page else "write_figures", config) as it:
        to = outputs.Outputs.of(it.settings, options.folder)
        if is_page and options.folder:
            jobs.write_page(it, to)
        elif is_page:
            jobs.write_report(it, it.store.report_marker(outputs.PAGE))
        elif options.folder:
            jobs.draw_figures(it, to)
        else:
            jobs.write_figures_alone(it, it.store.report_marker(outputs.FIGURES))


def _require_packed(config: Mapping[str, Any]) -> None:
    """Raise UsageError where no table is there, as in a folder that was not meant."""
    from isone.load import outputs

    settings = read_settings(config)
    store, synthetic = Store(settings.store_dir), Store(settings.data_dir / "sandbox")
    if outputs.packed_names(store):
        return
    hint = "name the folder with --data-dir"
    if settings.source != "sandbox" and outputs.packed_names(synthetic):
        hint = "say --source sandbox for the synthetic prices"
    raise UsageError(
        f"nothing is packed in {store.root}; run the workflow first, such as `snakemake -j1 "
        f"--config years=2024`, or {hint}"
    )


def export(options: Namespace) -> None:
    """Write rows of packed files as CSV."""
    from isone.pack.export import export_csv
    from isone.pack.reading import open_packed
    from isone.text import count

    first, last = (
        parse_day(text, option) if text else None
        for text, option in ((options.start_date, "--start-date"), (options.end_date, "--end-date"))
    )
    folder = options.data_dir or read_settings(_config(options)).store_dir
    packed = open_packed(options.dataset, options.years, options.locations, folder)
    rows = export_csv(packed.between(first, last), Path(options.output))
    print(f"{options.output}: {count(rows, 'row')}")


_DO = {
    "status": show_status,
    "doctor": doctor,
    "verify": verify,
    "load": load,
    "report": report,
    "figures": report,
    "export": export,
}


def _config(options: Namespace, *more: str) -> dict[str, Any]:
    """The configuration of this folder, with what the options say over it."""
    said = {key: getattr(options, key) for key in ("data_dir", "source", *more)}
    given = {key: value for key, value in said.items() if value is not None}
    return config_of_this_folder() | given


def _parser(name: str) -> Parser:
    parser = Parser(prog=f"python -m isone {name}", description=COMMANDS[name], allow_abbrev=False)
    parser.set_defaults(command=name)
    add = parser.add_argument
    if name == "export":
        add("dataset", help=", ".join(DATASETS), metavar="DATASET")
        add("--locations", nargs="+", metavar="LOCATION", help="ids, names, hubs; by default all")
        add("--start-date", metavar="DAY", help="first operating day, YYYY-MM-DD")
        add("--end-date", metavar="DAY", help="last operating day, YYYY-MM-DD")
        add("--output", required=True, metavar="FILE", help="the CSV to write")
    if name in {"export", "verify"}:
        add("--years", nargs="+", metavar="YEAR", help="2024, 2019-2023; by default all")
    if name == "verify":
        add("--datasets", nargs="+", metavar="NAME", help="by default all")
        add(
            "--fetch-again",
            dest="refetch",
            action="store_true",
            default=None,
            help="move what is damaged away, so that the next run fetches just that again",
        )
    if name == "load":
        add("--to", default="duckdb", choices=("duckdb", "postgres"), help="default: %(default)s")
        add("--rebuild", action="store_true", help="PostgreSQL: drop the schema first")
    if name in {"load", "verify"}:
        add("--database", metavar="URL", help="a PostgreSQL; by default that of config.yaml")
    if name in {"report", "figures"}:
        add("--folder", type=Path, help="where to; by default where the workflow has it")
    if name == "doctor":
        add("--folder", type=Path, help="where to write; default: doctor")
        add(
            "--everything",
            action="store_true",
            help="ask for load, fuels and all else that explains prices too; at most 48 requests",
        )
    add("--data-dir", metavar="FOLDER", help="where the data is; by default that of config.yaml")
    sources = "webservices, reports or " if name == "doctor" else ""
    add("--source", help=f"{sources}sandbox for its synthetic prices")
    return parser


def _overview() -> str:
    lines = ["usage: python -m isone COMMAND [options]", "", "By hand, with the data that is here:"]
    lines += [
        f"  {name:<9} {what.partition(':')[0].rstrip('.')}" for name, what in COMMANDS.items()
    ]
    return "\n".join([*lines, "", "`python -m isone COMMAND --help` shows the options of each."])


if __name__ == "__main__":
    with job.sentences():
        main(sys.argv[1:])
