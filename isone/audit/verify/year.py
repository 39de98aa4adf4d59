"""One dataset-year read again: responses, Parquet file and databases, compared."""

from isone.audit.verify import marker
from isone.audit.verify.databases import verify_databases
from isone.audit.verify.findings import Findings
from isone.audit.verify.responses import verify_responses
from isone.audit.verify.verdict import DAMAGED, MISSING, OK, Damage, Verdict
from isone.errors import DamagedError, LoadError
from isone.load.comparison import Comparison, DayDigests
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import Locations
from isone.pack.parquet import read_metadata
from isone.response import report_places
from isone.run.progress import Advance, unseen
from isone.run.settings import Settings
from isone.store.store import Store
from isone.store.year_marker import Manifest, read_manifest


def verify_year(
    store: Store,
    settings: Settings,
    dataset_name: str,
    period: str,
    advance: Advance = unseen,
) -> Verdict:
    """Read everything that is stored of a dataset-year again, and say what it is worth.

    Nothing is changed. `advance` is told how many responses have been read. What cannot be
    reached (a database that is down) raises; what is damaged is in the verdict.
    """
    dataset = DATASETS[dataset_name]
    now = market_time.utc_now()
    path = store.marker_path(dataset_name, period)
    if not path.exists():
        notes = (
            "no marker: the year is not downloaded whole, so there is nothing to compare with",
        )
        return Verdict(dataset_name, period, MISSING, now, notes=notes)
    report_places.learn_from(store)
    try:
        manifest = read_manifest(path)
    except DamagedError as error:
        damage = (Damage("marker", str(error)),)
        return Verdict(dataset_name, period, DAMAGED, now, damage=damage)
    findings = _verify_all(store, settings, dataset, period, manifest, advance)
    return Verdict(
        dataset_name,
        period,
        DAMAGED if findings.damage else OK,
        now,
        days=len({day for entry in manifest.requests for day in entry.days}),
        requests=len(manifest.requests),
        rows=findings.rows,
        digests=findings.digests,
        damage=tuple(findings.damage),
        notes=tuple(findings.notes),
    )


def _verify_all(
    store: Store,
    settings: Settings,
    dataset: Dataset,
    period: str,
    manifest: Manifest,
    advance: Advance,
) -> Findings:
    """Read marker, responses, Parquet file and databases, in this order."""
    findings = Findings()
    chosen = _chosen_locations(store, dataset, period, findings)
    with Comparison() as comparison:
        findings.damage += marker.find_damage(dataset, period, manifest)
        findings.notes += marker.notes(manifest)
        kept = verify_responses(
            store, dataset, period, manifest, chosen, comparison, findings, advance
        )
        _verify_table(store, dataset, period, manifest, kept, comparison, findings)
        verify_databases(store, settings, dataset, period, comparison, findings)
    return findings


def _chosen_locations(store: Store, dataset: Dataset, period: str, findings: Findings) -> Locations:
    """The locations that the table was narrowed to, as it says itself."""
    path = store.parquet_path(dataset.name, period)
    if not dataset.chooses_locations or not path.exists():
        return "all"
    try:
        words = read_metadata(path).get("locations", "all")
    except DamagedError as error:
        findings.damage.append(Damage("parquet", str(error)))
        return "all"
    return "all" if words == "all" else tuple(int(word) for word in words.split())


def _verify_table(
    store: Store,
    dataset: Dataset,
    period: str,
    manifest: Manifest,
    kept: DayDigests,
    comparison: Comparison,
    findings: Findings,
) -> None:
    """Compare the Parquet file with the responses."""
    if not store.parquet_path(dataset.name, period).exists():
        findings.notes.append("not packed, so only the responses were read")
        return
    try:
        file = comparison.packed_files(store, [(dataset.name, period)])[0]
        found = comparison.of_files(dataset, [file])
    except (DamagedError, LoadError) as error:
        if not any(damage.where == "parquet" for damage in findings.damage):
            findings.damage.append(Damage("parquet", str(error)))
        return
    marker_is_sound = not any(damage.where == "marker" for damage in findings.damage)
    if marker_is_sound and file.manifest_digest != manifest.sha256:
        findings.damage.append(Damage("parquet", "it was packed from another marker than this one"))
    findings.compare("parquet", kept, found, findings.days_damaged("raw", "marker"))
