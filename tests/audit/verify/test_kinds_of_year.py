"""The deep check on every kind of year that a download can bring, sound and damaged."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from filled import TODAY, build_duckdb, config_for, settings_for
from running import SERVICE, verify
from spoiled import change_duckdb, change_marker, change_parquet, flip_a_bit

from isone.audit.verify.verdict import DAMAGED, OK, Verdict, read_verdict
from isone.audit.verify.year import verify_year
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.market import flaws, market_time
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS, Locations
from isone.market.requests import Request
from isone.pack.year import pack_year
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.run.sources import Source, open_service
from isone.sandbox import Sandbox
from isone.store.files import write_json
from isone.store.store import Store
from isone.store.year_marker import read_manifest

FIRST, LAST, FINAL = dt.date(2026, 6, 7), dt.date(2026, 6, 11), dt.date(2026, 6, 9)
"""On `TODAY` the days after `FINAL` have preliminary prices only."""
NODE = 10001


@dataclass(frozen=True)
class Kind:
    """A kind of year: what is downloaded, in which way, and a day of it that is damaged here."""

    dataset: str
    first: dt.date = FIRST
    last: dt.date = FINAL
    final_through: dt.date | None = None
    locations: Locations = HUBS
    public: bool = False
    accepted: dict[dt.date, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    before: tuple[tuple[dt.date, Locations, bool], ...] = ()
    """Days that were had before in another way: at these locations, or by public CSV."""
    day: dt.date = FINAL

    @property
    def job(self) -> DatasetYear:
        return DatasetYear(
            self.dataset, self.first.year, self.first, self.last, self.locations, self.final_through
        )

    @property
    def name(self) -> tuple[str, str]:
        return self.dataset, self.job.period


OPEN = {"last": LAST, "final_through": FINAL, "day": LAST}
KINDS = {
    "web services": Kind("lmp_da_hourly"),
    "web services, with a row twice": Kind("lmp_rt_hourly", faults=("doubled-row:*20260609*",)),
    "web services, by location": Kind("lmp_rt_5min", first=FINAL - dt.timedelta(1)),
    "open year, with preliminary days": Kind("lmp_rt_hourly", **OPEN),
    "open year, by location": Kind("lmp_rt_5min", first=FINAL, **OPEN),
    "public CSV": Kind("lmp_da_hourly", public=True),
    "public CSV, in blocks": Kind("lmp_rt_5min", first=FINAL - dt.timedelta(1), public=True),
    "public CSV, open year": Kind("lmp_rt_5min", first=FINAL, public=True, **OPEN),
    "public CSV, chosen locations": Kind(
        "lmp_rt_5min", first=FINAL - dt.timedelta(1), public=True, locations=(4000, 4005)
    ),
    "mixed": Kind(
        "lmp_rt_5min",
        public=True,
        before=((FIRST, HUBS, False), (FIRST + dt.timedelta(1), "all", False), (LAST, HUBS, False)),
        **OPEN,
    ),
    "accepted gaps": Kind(
        "lmp_rt_hourly",
        accepted={FIRST: "never published", FIRST + dt.timedelta(1): "an hour is missing"},
        faults=("empty:*20260607*", "missing-interval:*20260608*"),
    ),
    "accepted gaps, by location": Kind(
        "lmp_rt_5min",
        first=FIRST,
        accepted={FIRST: "never published", FIRST + dt.timedelta(1): "a zone is missing"},
        faults=("empty:*20260607*", "empty:*20260608*4003*", "missing-interval:*20260608*4004*"),
    ),
    "chosen locations": Kind(
        "lmp_rt_5min", first=FINAL - dt.timedelta(1), locations=(4000, 4005, NODE)
    ),
    "chosen locations of whole days": Kind("lmp_da_hourly", locations=(4000, 4005, NODE)),
    "all locations": Kind("lmp_da_hourly", locations="all"),
    "all locations, by hour": Kind("lmp_rt_5min", first=FINAL - dt.timedelta(1), locations="all"),
    "constraints, with an empty day": Kind(
        "constraints_da_hourly",
        first=dt.date(2024, 1, 1),
        last=dt.date(2024, 1, 4),
        day=dt.date(2024, 1, 3),
    ),
}


@contextmanager
def client_of(sandbox: Sandbox, *, public: bool) -> Iterator[Client]:
    settings = read_settings({"source": "reports", "base_url": sandbox.reports_url})
    source = open_service(settings) if public else Source("webservices", sandbox.url)
    with Client(source, settings.http, sleep=lambda seconds: None) as client:
        yield client


def fill(store: Store, kind: Kind) -> None:
    """Bring a year of a kind home, as a download does, pack it and load it."""
    dataset = DATASETS[kind.dataset]
    with Sandbox(nodes=2, today=TODAY, faults=kind.faults, server_name=SERVICE) as sandbox:
        for day, locations, public in kind.before:
            with client_of(sandbox, public=public) as client:
                Downloader(store, client, dataset).bring([day], locations, kind.final_through)
        with client_of(sandbox, public=kind.public) as client:
            accepted = {day: {flaws.MISSING: why} for day, why in kind.accepted.items()}
            downloader = Downloader(store, client, dataset, accepted)
            download_year(downloader, kind.job, newest_first=False)
    pack_year(store, *kind.name, kind.locations)
    write_json(store.packed_marker(*kind.name), {})
    build_duckdb(store, views=False)  # the check reads tables alone
    write_json(store.duckdb_marker, {})


@pytest.fixture(scope="session")
def sound_stores(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Store]:
    """Makes the store of a kind, once; it is not to be changed."""
    made: dict[str, Store] = {}

    def store_of(name: str) -> Store:
        if name not in made:
            store = Store(tmp_path_factory.mktemp("kind") / "sandbox")
            fill(store, KINDS[name])
            made[name] = store
        return made[name]

    return store_of


@pytest.fixture(params=KINDS)
def kind_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def kind(kind_name: str) -> Kind:
    return KINDS[kind_name]


@pytest.fixture
def sound(sound_stores: Callable[[str], Store], kind_name: str) -> Store:
    return sound_stores(kind_name)


@pytest.fixture
def store(sound: Store, tmp_path: Path) -> Store:
    """The store of a kind, to damage."""
    return Store(Path(shutil.copytree(sound.root, tmp_path / "sandbox")))


def check(store: Store, kind: Kind) -> Verdict:
    return verify_year(store, settings_for(store), *kind.name)


def requests_of(store: Store, kind: Kind, day: dt.date) -> list[Request]:
    """What the marker lists of a day."""
    entries = read_manifest(store.marker_path(*kind.name)).requests
    requests = [Request.named(kind.dataset, entry.request) for entry in entries]
    return [request for request in requests if request and request.day == day]


def damage_of(verdict: Verdict) -> set[tuple[str, str | None]]:
    return {(damage.where, damage.day) for damage in verdict.damage}


def test_every_kind_of_year_is_sound_as_it_was_downloaded(sound: Store, kind: Kind) -> None:
    verdict = check(sound, kind)
    assert (verdict.verdict, verdict.damage) == (OK, ())
    assert set(verdict.rows) == {"raw", "parquet", "duckdb"}
    assert len(set(verdict.rows.values())) == len(set(verdict.digests.values())) == 1
    assert verdict.rows["raw"] > 0


def test_the_kinds_are_what_they_are_called(sound_stores: Callable[[str], Store]) -> None:
    listed = {
        name: {request.name for day in market_time.days(kind.first, kind.last)
               for request in requests_of(sound_stores(name), kind, day)}
        for name, kind in KINDS.items()
    }  # fmt: skip
    assert "20260611.prelim" in listed["open year, with preliminary days"]
    assert "20260611.4003.prelim" in listed["open year, by location"]
    assert "20260609.b04" in listed["public CSV, in blocks"]
    assert "20260611.b04.prelim" in listed["public CSV, open year"]
    assert {"20260607.4003", "20260608.h03", "20260609.b04", "20260610.b04.prelim",
            "20260611.4003.prelim"} <= listed["mixed"]  # fmt: skip
    assert "20260607" not in listed["accepted gaps"]
    assert "20260608" in listed["accepted gaps"]
    assert "20260608.4003" not in listed["accepted gaps, by location"]
    assert "20260608.4004" in listed["accepted gaps, by location"]
    assert f"20260609.{NODE}" in listed["chosen locations"]
    assert "20260609.h03" in listed["all locations, by hour"]
    doubled = KINDS["web services, with a row twice"]
    marker = sound_stores("web services, with a row twice").marker_path(*doubled.name)
    assert read_manifest(marker).requests[-1].duplicates == 1
    constraints = sound_stores("constraints, with an empty day")
    entries = read_manifest(constraints.marker_path(*KINDS["constraints, with an empty day"].name))
    assert entries.requests[0].rows == 0


def test_accepted_gaps_are_named_in_the_notes(sound_stores: Callable[[str], Store]) -> None:
    verdict = check(sound_stores("accepted gaps"), KINDS["accepted gaps"])
    note = "2 accepted gaps: 2026-06-07 (never published); 2026-06-08 (an hour is missing)"
    assert verdict.notes == (note,)


def replace_by_another_day(store: Store, request: Request) -> None:
    """Put the same response of another day in a response's place: whole and valid."""
    folder = store.raw_path(request).parent
    scope = request.name[8:].removesuffix(".prelim")
    names = sorted(path.name for path in folder.iterdir() if path.name[8:].startswith(scope))
    others = [name for name in names if name.endswith("z") and name[:8] != request.name[:8]]
    shutil.copy(folder / others[-1], store.raw_path(request))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda store, request: flip_a_bit(store.raw_path(request)), id="one bit"),
        pytest.param(lambda store, request: store.raw_path(request).unlink(), id="gone"),
        pytest.param(replace_by_another_day, id="of another day"),
    ],
)
def test_a_damaged_response_is_named_and_removed_alone(
    store: Store, kind: Kind, spoil: Callable[[Store, Request], None],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    request = requests_of(store, kind, kind.day)[-1]
    spoil(store, request)
    before = files_of(store) - {store.raw_path(request)}
    said, verdict = repair(store, kind, capsys)
    assert verdict.verdict == DAMAGED
    assert damage_of(verdict) == {("raw", str(kind.day))}
    assert [damage.request for damage in verdict.damage] == [request.name]
    assert "fetches 1 response again and writes 1 marker again" in said
    gone = before - files_of(store)
    assert gone == {store.marker_path(*kind.name)}
    assert not store.raw_path(request).exists()


def take_a_day_out(content: dict[str, Any], day: dt.date) -> None:
    content["requests"] = [p for p in content["requests"] if p["request"][:8] != f"{day:%Y%m%d}"]
    content["rows"] = sum(request["rows"] for request in content["requests"])


def list_an_entry_twice(content: dict[str, Any], day: dt.date) -> None:
    entry = next(p for p in content["requests"] if p["request"][:8] == f"{day:%Y%m%d}")
    content["requests"].append(entry)
    content["rows"] += entry["rows"]


def say_other_rows(content: dict[str, Any], day: dt.date) -> None:
    entry = next(p for p in content["requests"] if p["request"][:8] == f"{day:%Y%m%d}")
    entry["rows"] += 1
    content["rows"] += 1


def say_another_digest(content: dict[str, Any], day: dt.date) -> None:
    entry = next(p for p in content["requests"] if p["request"][:8] == f"{day:%Y%m%d}")
    entry["sha256"] = "0" * 64


@pytest.mark.parametrize(
    "change", [take_a_day_out, list_an_entry_twice, say_other_rows, say_another_digest]
)
def test_a_changed_marker_is_named_and_removed_alone(
    store: Store,
    kind: Kind,
    change: Callable[[dict[str, Any], dt.date], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    change_marker(store, kind.name, lambda content: change(content, kind.day))
    before = files_of(store)
    said, verdict = repair(store, kind, capsys)
    assert damage_of(verdict) == {("marker", str(kind.day))}
    assert "writes 1 marker again and leaves the responses, of which none is damaged" in said
    gone = before - files_of(store)
    assert gone == {store.marker_path(*kind.name)}


def test_a_changed_row_of_the_table_is_named_and_the_table_removed_alone(
    store: Store, kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    column = DATASETS[kind.dataset].columns[0].name
    column = "marginal_value" if kind.dataset.startswith("constraints") else column
    change_parquet(store, kind.name, column,
                   f"{column} + (operating_day = '{kind.day}')::INTEGER / 1e6")  # fmt: skip
    before = files_of(store)
    said, verdict = repair(store, kind, capsys)
    assert damage_of(verdict) == {("parquet", str(kind.day))}
    assert "writes 1 table again and leaves the responses, of which none is damaged" in said
    gone = before - files_of(store)
    assert gone == {store.parquet_path(*kind.name), store.packed_marker(*kind.name)}


@pytest.mark.parametrize(
    "kind_name", ["web services", "open year, with preliminary days", "mixed"], indirect=True
)
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "UPDATE {table} SET interval_end_utc = interval_start_utc WHERE {day}", id="changed"
        ),
        pytest.param("DELETE FROM {table} WHERE {day}", id="deleted"),
        pytest.param("INSERT INTO {table} FROM {table} WHERE {day}", id="twice"),
        pytest.param(
            "UPDATE operating_days SET revision = 'best' WHERE dataset = '{table}' AND {day}",
            id="revision of the day",
        ),
        pytest.param(
            "UPDATE operating_days SET suspects = 'none' WHERE dataset = '{table}' AND {day}",
            id="suspects of the day",
        ),
        pytest.param(
            "DELETE FROM operating_days WHERE dataset = '{table}' AND {day}", id="day deleted"
        ),
    ],
)
def test_what_was_changed_in_duckdb_is_named_and_only_loaded_again(
    store: Store, kind: Kind, statement: str, capsys: pytest.CaptureFixture[str]
) -> None:
    day = f"operating_day = '{kind.day}'"
    change_duckdb(store, statement.format(table=kind.dataset, day=day))
    before = files_of(store)
    said, verdict = repair(store, kind, capsys)
    assert damage_of(verdict) == {("duckdb", str(kind.day))}
    assert "loads 1 dataset-year again and leaves the responses, of which none is damaged" in said
    assert before - files_of(store) == {store.duckdb_marker}


def files_of(store: Store) -> set[Path]:
    """The files of a store that a download, packing or loading has left."""
    folders = ("raw", "complete", "parquet", "packed", "loaded")
    paths = {path for folder in folders for path in (store.root / folder).rglob("*")}
    return {path for path in paths | {store.duckdb_path} if path.is_file()}


def repair(store: Store, kind: Kind, capsys: pytest.CaptureFixture[str]) -> tuple[str, Verdict]:
    """Check with refetch=true; returns what was said, in one line, and what was found."""
    capsys.readouterr()
    assert verify(config_for(store, refetch=True), kind.name) == 1
    said = " ".join(capsys.readouterr().err.split())
    return said, read_verdict(store.verdict_path(*kind.name))


def test_after_a_repair_the_next_download_makes_an_open_year_sound_again(
    sound_stores: Callable[[str], Store], tmp_path: Path
) -> None:
    name = "mixed"
    kind = KINDS[name]
    store = Store(Path(shutil.copytree(sound_stores(name).root, tmp_path / "sandbox")))
    for day in (kind.first, kind.day):
        flip_a_bit(store.raw_path(requests_of(store, kind, day)[0]))
    assert verify(config_for(store, refetch=True), kind.name) == 1
    fill(store, kind)
    assert check(store, kind).verdict == OK
