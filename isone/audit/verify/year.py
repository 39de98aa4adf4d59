"""One dataset-year read again: responses, table and databases, held against each other."""

import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from isone.audit.verify import marker, raw
from isone.audit.verify.verdict import DAMAGED, MISSING, OK, Damage, Verdict
from isone.errors import DamagedError, IsoneError, LoadError
from isone.load import history, outputs, packed, sql
from isone.load.comparison import DAY_COLUMNS, Comparison, DayDigests
from isone.load.history import DayRow
from isone.load.packed import PackedFile
from isone.market import flaws
from isone.market.datasets import DATASETS, Dataset, Locations, Request
from isone.pack.parquet import read_facts
from isone.response import check, reports, suspects
from isone.run.settings import Settings
from isone.store import gzipped
from isone.store.files import sha256
from isone.store.manifest import Manifest, read_manifest
from isone.store.store import Entry, Store

_ROWS_AT_ONCE = 50_000


@dataclass
class _Findings:
    """What has been found so far of one dataset-year."""

    damage: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def days_damaged(self, *places: str) -> set[str | None]:
        """The days on which one of these places is damaged: nothing can be compared with it."""
        return {damage.day for damage in self.damage if damage.where in places}

    def count(self, place: str, found: DayDigests) -> None:
        self.rows[place], self.digests[place] = found.rows, found.digest

    def compare(
        self, place: str, expected: DayDigests, found: DayDigests, unknown: Collection[str | None]
    ) -> None:
        """Note the rows of a place, and each day not as expected, but for `unknown` ones."""
        self.count(place, found)
        self.damage += [
            Damage(place, reason, str(day))
            for day, reason in expected.differences(found).items()
            if str(day) not in unknown
        ]


def verify_year(
    store: Store,
    settings: Settings,
    dataset_name: str,
    period: str,
    on_day: Callable[[dt.date], None] = lambda day: None,
) -> Verdict:
    """Read everything that is stored of a dataset-year again, and say what it is worth.

    Nothing is changed. `on_day` is told of each day whose responses have been read. What cannot be
    reached (a database that is down) raises; what is damaged stands in the verdict.
    """
    dataset = DATASETS[dataset_name]
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    path = store.marker_path(dataset_name, period)
    if not path.exists():
        notes = ("no marker: the year is not downloaded whole, so there is nothing to hold it to",)
        return Verdict(dataset_name, period, MISSING, now, notes=notes)
    findings = _Findings()
    reports.learn_from(store)
    try:
        manifest = read_manifest(path)
    except DamagedError as error:
        damage = (Damage("marker", str(error)),)
        return Verdict(dataset_name, period, DAMAGED, now, damage=damage)
    chosen = _chosen_locations(store, dataset, period, findings)
    with Comparison() as comparison:
        findings.damage += marker.find_damage(dataset, period, manifest)
        findings.notes += marker.notes(manifest)
        kept = _verify_responses(
            store, dataset, period, manifest, chosen, comparison, findings, on_day
        )
        _verify_table(store, dataset, period, manifest, kept, comparison, findings)
        _verify_databases(store, settings, dataset, period, comparison, findings)
    return Verdict(
        dataset_name,
        period,
        DAMAGED if findings.damage else OK,
        now,
        days=len({entry.request[:8] for entry in manifest.requests}),
        requests=len(manifest.requests),
        rows=findings.rows,
        digests=findings.digests,
        damage=tuple(findings.damage),
        notes=tuple(findings.notes),
    )


def _chosen_locations(
    store: Store, dataset: Dataset, period: str, findings: _Findings
) -> Locations:
    """The locations that the table was narrowed to, as it says itself."""
    path = store.parquet_path(dataset.name, period)
    if dataset.place != "location" or not path.exists():
        return "all"
    try:
        words = read_facts(path).get("locations", "all")
    except DamagedError as error:
        findings.damage.append(Damage("parquet", str(error)))
        return "all"
    return "all" if words == "all" else tuple(int(word) for word in words.split())


def _verify_responses(
    store: Store,
    dataset: Dataset,
    period: str,
    manifest: Manifest,
    chosen: Locations,
    comparison: Comparison,
    findings: _Findings,
    on_day: Callable[[dt.date], None],
) -> DayDigests:
    """Validate every response again; returns the days of the rows that the table has to hold."""
    kept = DayDigests()
    looked = _Look(store, dataset, manifest, int(period[:4]))
    ledger = store.read_ledger(dataset.name, int(period[:4]))
    accepted: defaultdict[str, set[str]] = defaultdict(set)
    for gap in manifest.gaps:
        accepted[gap.day].add(flaws.MISSING)
    for flaw in manifest.flaws:
        accepted[flaw.day].add(flaw.flaw)
    waiting: list[pa.Table] = []
    for entry in {entry.request: entry for entry in manifest.requests}.values():
        request = Request.named(dataset.name, entry.request)
        if request is None:
            findings.damage.append(
                Damage("marker", f"{entry.request!r} is the name of no response")
            )
            continue
        names = accepted[str(request.day)]
        body = _body(store, dataset, request, entry, ledger.get(request.name), names, findings)
        if body is not None:
            findings.notes += looked.unknown(request, body)
            waiting.append(raw.rows_of(dataset, request, body, chosen, entry.unknown_locations))
            if sum(rows.num_rows for rows in waiting) >= _ROWS_AT_ONCE:
                kept.add(comparison.of_table(dataset, pa.concat_tables(waiting)))
                waiting.clear()
        on_day(request.day)
    if waiting:
        kept.add(comparison.of_table(dataset, pa.concat_tables(waiting)))
    findings.count("raw", kept)
    return kept


class _Look:
    """The look across responses once more, for what the marker does not have of it."""

    def __init__(self, store: Store, dataset: Dataset, manifest: Manifest, year: int) -> None:
        self._dataset = dataset
        self._known = suspects.Known.of(store, dataset, [year])
        self._noted = {(each.day, each.flaw) for each in manifest.flaws}
        self._doubles = {
            entry.prices
            for entry in manifest.requests
            for flaw in entry.flaws
            if flaw.name == "same-as-another-day"
        }

    def unknown(self, request: Request, body: bytes) -> list[str]:
        """What is suspect of a response and not in the marker, in sentences."""
        digest, found = self._known.examine(self._dataset, request, body)
        return [
            f"{request}: suspect, and not in the marker: {flaw.name}, {flaw.what}"
            for flaw in found
            if (str(request.day), flaw.name) not in self._noted
            and not (flaw.name == "same-as-another-day" and digest in self._doubles)
        ]


def _body(
    store: Store,
    dataset: Dataset,
    request: Request,
    entry: Entry,
    noted: Entry | None,
    accepted: Container[str],
    findings: _Findings,
) -> bytes | None:
    """A response's JSON, if it is what the marker says; None, with the damage noted, if it is not.

    Where the marker says another thing than the ledger, and the response is as the ledger has it
    (`noted`), it is the marker that is damaged, and not the response.
    """
    day = str(request.day)
    try:
        return _validated_body(store, dataset, request, entry, accepted)
    except (IsoneError, OSError) as error:
        if noted and noted != entry:
            with contextlib.suppress(IsoneError, OSError):
                body = _validated_body(store, dataset, request, noted, accepted)
                reason = f"what it says of the response is not what the ledger says ({error})"
                findings.damage.append(Damage("marker", f"{request}: {reason}", day))
                return body
        reason = str(error.strerror if isinstance(error, OSError) else error)
        findings.damage.append(Damage("raw", f"{request}: {reason}", day, request.name))
        return None


def _validated_body(
    store: Store, dataset: Dataset, request: Request, entry: Entry, accepted: Container[str]
) -> bytes:
    """A response's JSON, if it is the one that the manifest describes, and whole.

    It may have those flaws that the manifest says were accepted, by name, and no other.
    """
    content = store.raw_path(request).read_bytes()
    if len(content) != entry.size or sha256(content) != entry.sha256:
        raise DamagedError("the file is not the one that was stored: its SHA-256 is another")
    body = gzipped.inflate(content)
    finding = check.examine(dataset, request, body, accepted=accepted)
    if flaws.MISSING not in accepted:
        finding.require_whole()
    if finding.flaws != tuple(flaw for flaw in entry.flaws if flaw.name in flaws.REJECTED):
        raise DamagedError("the marker says other flaws than the response has")
    for name in ("rows", "places", "duplicates", "missing"):
        if getattr(finding, name) != getattr(entry, name):
            raise DamagedError(
                f"the marker says {name} {getattr(entry, name)}, the response has "
                f"{getattr(finding, name)}"
            )
    return body


def _verify_table(
    store: Store,
    dataset: Dataset,
    period: str,
    manifest: Manifest,
    kept: DayDigests,
    comparison: Comparison,
    findings: _Findings,
) -> None:
    """Hold the Parquet file against the responses."""
    if not store.parquet_path(dataset.name, period).exists():
        findings.notes.append("not packed, so only the responses were read")
        return
    try:
        file = packed.packed_files(store, [(dataset.name, period)])[0]
        found = comparison.of_files(dataset, [file])
    except (DamagedError, LoadError) as error:
        if not any(damage.where == "parquet" for damage in findings.damage):
            findings.damage.append(Damage("parquet", str(error)))
        return
    marker_is_sound = not any(damage.where == "marker" for damage in findings.damage)
    if marker_is_sound and file.manifest_digest != manifest.sha256:
        findings.damage.append(Damage("parquet", "it was packed from another marker than this one"))
    findings.compare("parquet", kept, found, findings.days_damaged("raw", "marker"))


def _verify_databases(
    store: Store,
    settings: Settings,
    dataset: Dataset,
    period: str,
    comparison: Comparison,
    findings: _Findings,
) -> None:
    """Hold the databases against the packed files of the year."""
    year = int(period[:4])
    names = [name for name in outputs.packed_names(store) if name[0] == dataset.name]
    of_year = [name for name in names if name[1].startswith(f"{year}")]
    try:
        files = packed.packed_files(store, of_year)
    except (DamagedError, LoadError):
        findings.notes.append("the databases were not compared, because a packed file is damaged")
        return
    if not files:
        return
    expected = comparison.of_files(dataset, files)
    _verify_duckdb(store, dataset, files, expected, comparison, findings)
    if settings.database:
        _verify_postgres(
            settings, settings.database, dataset, files, expected, comparison, findings
        )
    if dataset.name == "lmp_rt_5min":
        _audit_hours(store, files, comparison, findings)


def _verify_duckdb(
    store: Store,
    dataset: Dataset,
    files: Sequence[PackedFile],
    expected: DayDigests,
    comparison: Comparison,
    findings: _Findings,
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


def _verify_days(
    store: Store,
    dataset: Dataset,
    files: Sequence[PackedFile],
    comparison: Comparison,
    findings: _Findings,
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
        elif right is None and said[0] != history.NO_MANIFEST:
            yield Damage("duckdb", "operating_days: it has a day that no marker has", str(day))
        elif right is not None and said != right:
            pairs = zip(DAY_COLUMNS, said, right, strict=True)
            wrong = ", ".join(name for name, one, other in pairs if one != other)
            reason = f"operating_days: {wrong} not as the marker has it"
            yield Damage("duckdb", reason, str(day))


def _of_year(
    loaded: Mapping[tuple[str, str], str], dataset: str, year: int
) -> dict[tuple[str, str], str]:
    return {
        (name, period): digest
        for (name, period), digest in loaded.items()
        if name == dataset and period.startswith(f"{year}")
    }


def _verify_postgres(
    settings: Settings,
    database: str,
    dataset: Dataset,
    files: Sequence[PackedFile],
    expected: DayDigests,
    comparison: Comparison,
    findings: _Findings,
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
    store: Store, files: Sequence[PackedFile], comparison: Comparison, findings: _Findings
) -> None:
    """Hold five-minute prices against hourly ones, where both are here; a note, not a fault."""
    names = [
        name
        for name in outputs.packed_names(store)
        if name[0] == "lmp_rt_hourly" and name[1].startswith(f"{files[0].year}")
    ]
    try:
        hourly = packed.packed_files(store, names)
    except (DamagedError, LoadError):
        return
    if not hourly:
        return
    audit = comparison.hourly_audit(files, hourly)
    findings.notes.append(
        f"{audit.hours:,} hourly means of five-minute prices are within {audit.worst:g} $/MWh of "
        "the hourly prices"
    )
    for day, worst in audit.days_off.items():
        findings.notes.append(f"{day}: an hour is {worst:g} $/MWh off the mean of its 12 prices")
