"""The databases of a dataset-year: DuckDB and PostgreSQL, compared with the packed files."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from isone.audit.verify.findings import Findings
from isone.audit.verify.verdict import Damage
from isone.errors import DamagedError, LoadError
from isone.load import history, outputs, sql
from isone.load.comparison import DAY_COLUMNS, Comparison, DayDigests
from isone.load.history import DayRow
from isone.load.packed import PackedFile
from isone.market.dataset import Dataset
from isone.run.settings import Settings
from isone.store.periods import year_of
from isone.store.store import Store


def verify_databases(
    store: Store,
    settings: Settings,
    dataset: Dataset,
    period: str,
    comparison: Comparison,
    findings: Findings,
) -> None:
    """Compare the databases with the packed files of the year."""
    try:
        files = _packed_files(store, dataset.name, year_of(period), comparison)
        if not files:
            return
        expected = comparison.of_files(dataset, files)
    except (DamagedError, LoadError):
        findings.notes.append("the databases were not compared, because a packed file is damaged")
        return
    _verify_duckdb(store, dataset, files, expected, comparison, findings)
    if settings.database:
        _verify_postgres(
            settings, settings.database, dataset, files, expected, comparison, findings
        )
    if dataset.name == "lmp_rt_5min":
        _audit_hours(store, files, comparison, findings)


def _packed_files(
    store: Store, dataset_name: str, year: int, comparison: Comparison
) -> list[PackedFile]:
    """What is packed of a dataset and year; raises as `packed.packed_files` does."""
    names = [
        (name, period)
        for name, period in outputs.packed_names(store)
        if name == dataset_name and year_of(period) == year
    ]
    return comparison.packed_files(store, names)


def _verify_duckdb(
    store: Store,
    dataset: Dataset,
    files: Sequence[PackedFile],
    expected: DayDigests,
    comparison: Comparison,
    findings: Findings,
) -> None:
    path = store.duckdb_path
    if not path.exists():
        findings.notes.append(f"{path} is not built")
        return
    wanted = {(file.dataset, file.period): file.manifest_digest for file in files}
    try:
        loaded = comparison.files_in_duckdb(path)
        if _of_year(loaded, dataset.name, files[0].year) != wanted:
            findings.damage.append(
                Damage(
                    "duckdb",
                    "it was built from other files; run `snakemake -j1 --config … -- load`",
                )
            )
            return
        found = comparison.of_duckdb(dataset, path, files[0].year)
    except LoadError as error:
        findings.damage.append(Damage("duckdb", str(error)))
        return
    findings.compare("duckdb", expected, found, findings.days_damaged("parquet"))
    _verify_days(store, dataset, files, comparison, findings)


def _of_year(
    loaded: Mapping[tuple[str, str], str], dataset: str, year: int
) -> dict[tuple[str, str], str]:
    return {
        (name, period): digest
        for (name, period), digest in loaded.items()
        if name == dataset and year_of(period) == year
    }


def _verify_days(
    store: Store,
    dataset: Dataset,
    files: Sequence[PackedFile],
    comparison: Comparison,
    findings: Findings,
) -> None:
    """Compare what DuckDB says of the days of a year with the markers."""
    try:
        expected = history.operating_days(store, files)
        found = comparison.days_in_duckdb(dataset, store.duckdb_path, files[0].year)
    except DamagedError as error:
        findings.notes.append(f"the days in DuckDB were not compared: {error}")
        return
    except LoadError as error:
        findings.damage.append(Damage("duckdb", str(error)))
        return
    unknown = findings.days_damaged("raw", "marker")
    findings.damage += [
        damage for damage in _different_days(expected, found) if damage.day not in unknown
    ]


def _different_days(
    expected: Iterable[DayRow], found: Mapping[dt.date, tuple[object, ...]]
) -> Iterator[Damage]:
    """The days of which the table `operating_days` says another thing than the markers."""
    known: dict[dt.date, tuple[object, ...]] = {}
    for row in expected:
        values = dict(zip((column.name for column in sql.OPERATING_DAYS), row, strict=True))
        known[row[1]] = tuple(values[name] for name in DAY_COLUMNS)
    for day in sorted(known.keys() | found.keys()):
        said, right = found.get(day), known.get(day)
        if said is None:
            yield Damage("duckdb", "operating_days: the day is not in it", str(day))
        elif right is None and said[0] != sql.NO_MANIFEST:
            yield Damage("duckdb", "operating_days: it has a day that no marker has", str(day))
        elif right is not None and said != right:
            pairs = zip(DAY_COLUMNS, said, right, strict=True)
            wrong = ", ".join(name for name, one, other in pairs if one != other)
            reason = f"operating_days: {wrong} not as the marker has it"
            yield Damage("duckdb", reason, str(day))


def _verify_postgres(
    settings: Settings,
    database: str,
    dataset: Dataset,
    files: Sequence[PackedFile],
    expected: DayDigests,
    comparison: Comparison,
    findings: Findings,
) -> None:
    from isone.load import postgres

    year = files[0].year
    synthetic = settings.source == "sandbox"
    with postgres.connect(database) as connection:
        tables = postgres.prepare(connection, synthetic=synthetic, hypertables=settings.timescaledb)
        digest = postgres.loaded_digest(connection, tables, dataset.name, year)
        if digest != postgres.digest_of(files):
            state = "not loaded" if digest is None else "loaded from other files"
            findings.damage.append(
                Damage("postgresql", f"the year is {state}; run `snakemake -j1 --config … -- load`")
            )
            return
        found = comparison.of_postgres(dataset, connection, tables, year)
    findings.compare("postgresql", expected, found, findings.days_damaged("parquet"))


def _audit_hours(
    store: Store, files: Sequence[PackedFile], comparison: Comparison, findings: Findings
) -> None:
    """Compare five-minute prices with hourly ones, where both are here; a note, not a fault."""
    try:
        hourly = _packed_files(store, "lmp_rt_hourly", files[0].year, comparison)
        if not hourly:
            return
        audit = comparison.hourly_audit(files, hourly)
    except (DamagedError, LoadError):
        return
    findings.notes.append(
        f"{audit.hours:,} hourly means of five-minute prices are within {audit.worst:g} $/MWh of "
        "the hourly prices"
    )
    for day, worst in audit.days_off.items():
        findings.notes.append(f"{day}: an hour is {worst:g} $/MWh off the mean of its 12 prices")
