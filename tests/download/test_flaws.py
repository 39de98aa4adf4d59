"""Flaws of ISO-NE's own: they reject a day, unless each of them is accepted by its name."""

import datetime as dt
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from filled import settings_for
from reading import examine

from isone.audit.verify.verdict import DAMAGED, OK
from isone.audit.verify.year import verify_year
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import MissingDaysError
from isone.errors import ResponseError
from isone.load import history
from isone.market import flaws, market_time
from isone.market.datasets import DATASETS
from isone.market.flaws import Flaw
from isone.market.locations import ALL_LOCATIONS, CORE_LOCATIONS, HUBS, Locations
from isone.market.requests import Request
from isone.market.servers import SANDBOX_SERVER
from isone.pack.year import pack_year
from isone.run import missing
from isone.run.dataset_year import DatasetYear
from isone.run.missing import Accepted
from isone.run.settings import AcceptedFlaw, read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.store.year_marker import read_manifest

DAY = dt.date(2018, 11, 4)
LMP = DATASETS["lmp_da_hourly"]
REQUEST = Request(LMP.name, DAY)
PERIOD = "2018.through-20181104"
NODE, NAMES = 10001, ("LD.OTHER", "UN.AVOCET")
Rows = list[dict[str, Any]]


def rows() -> Rows:
    """A whole day of hub, zones and a node."""
    places = CORE_LOCATIONS | {NODE: (NAMES[1], "NETWORK NODE")}
    return [
        {
            "BeginDate": market_time.timestamp(start),
            "Location": {"@LocId": str(id), "@LocType": kind, "$": name},
            "LmpTotal": round(28.3 + 1.01 * hour, 2),
            "EnergyComponent": 28.21 + hour,
            "CongestionComponent": 0,
            "LossComponent": round(0.09 + 0.01 * hour, 2),
        }
        for hour, start in enumerate(market_time.interval_starts(DAY, 60))
        for id, (name, kind) in places.items()
    ]


def body_of(rows: Rows) -> bytes:
    return json.dumps({"HourlyLmps": {"HourlyLmp": rows}}).encode()


def with_null(rows: Rows) -> Rows:
    rows[0] |= {"LmpTotal": None}
    return rows


def with_absent(rows: Rows) -> Rows:
    del rows[0]["LossComponent"]
    return rows


def with_wrong_sum(rows: Rows) -> Rows:
    rows[0] |= {"LmpTotal": 28.32}
    return rows


def with_disagreement(rows: Rows) -> Rows:
    return [*rows, rows[0] | {"LmpTotal": 28.31, "LossComponent": 0.1}]


def with_two_names(rows: Rows) -> Rows:
    """The node once more: in its first hour with another price, in the second with the same."""
    first, second = [row for row in rows if row["Location"]["@LocId"] == str(NODE)][:2]
    other = {"Location": first["Location"] | {"$": NAMES[0]}}
    return [*rows, first | other | {"LmpTotal": 28.31, "LossComponent": 0.1}, second | other]


ONE_OF_EACH = [
    pytest.param(with_null, "null-price", "LmpTotal is null or absent for 2018", id="null"),
    pytest.param(with_absent, "null-price", "LossComponent is null or absent for 2", id="absent"),
    pytest.param(with_wrong_sum, "sum", "components do not add up for 2018-11-04", id="sum"),
    pytest.param(with_disagreement, "disagreement", "two rows for 2018.* disagree", id="rows"),
    pytest.param(with_two_names, "node", "location 10001 is called LD.OTHER", id="node"),
]
each_flaw = pytest.mark.parametrize(("spoil", "name", "sentence"), ONE_OF_EACH)
Spoil = Callable[[Rows], Rows]


@each_flaw
def test_a_flaw_rejects_the_day_and_names_the_row_unless_its_own_name_is_accepted(
    spoil: Spoil, name: str, sentence: str
) -> None:
    body = body_of(spoil(rows()))
    others = set(flaws.REJECTED) - {name}
    with pytest.raises(ResponseError, match=rf"{sentence}.*flaw: {name}\)"):
        examine(LMP, REQUEST, body, accepted=others)
    found = examine(LMP, REQUEST, body, accepted={name})
    assert [flaw.name for flaw in found.flaws] == [name]
    assert "2018-11-04 00:00 EDT at location" in found.flaws[0].what
    assert found.missing == ()


def test_several_flaws_of_a_day_have_to_be_accepted_each() -> None:
    body = body_of(with_two_names(with_disagreement(with_null(rows()))))
    names = {"null-price", "disagreement", "node"}
    # the null price is one of two rows that disagree, so the tables have neither
    for lacking in ("disagreement", "node"):
        with pytest.raises(ResponseError, match=f"flaw: {lacking}"):
            examine(LMP, REQUEST, body, accepted=names - {lacking})
    found = examine(LMP, REQUEST, body, accepted=names)
    assert {flaw.name for flaw in found.flaws} == {"disagreement", "node"}
    assert found.rows == 10 * 25 - 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"$": ".Z.MAINE"}, "calls location 4000 .Z.MAINE"),
        ({"@LocId": "04000", "$": "A"}, "calls location 4000 A"),
    ],
)
def test_a_well_known_id_under_a_wrong_name_cannot_be_accepted(
    change: dict[str, str], words: str
) -> None:
    wrong = rows()
    wrong[0]["Location"] |= change
    with pytest.raises(ResponseError, match=words):
        examine(LMP, REQUEST, body_of(wrong), accepted=flaws.REJECTED)


def test_a_price_that_is_nowhere_is_another_form_and_cannot_be_accepted() -> None:
    renamed = [{k.replace("LmpTotal", "Lmp"): v for k, v in row.items()} for row in rows()]
    with pytest.raises(ResponseError, match="missing required field `LmpTotal`"):
        examine(LMP, REQUEST, body_of(renamed), accepted=flaws.REJECTED)


@pytest.mark.parametrize(
    ("locations", "counts"),
    [(HUBS, False), ((4000, NODE), True), (ALL_LOCATIONS, True)],
    ids=["hubs", "with the node", "all"],
)
def test_two_names_of_a_location_matter_to_whoever_has_chosen_it(
    locations: Locations, counts: bool
) -> None:
    body = body_of(with_two_names(rows()))
    entry = Entry(
        "20181104", 1, "", 1, "2026-06-12T04:00Z", "", "final", flaws=(Flaw("node", "x", (NODE,)),)
    )
    assert missing.is_usable(entry, locations, {}) != counts
    assert missing.is_usable(entry, locations, {DAY: {"node": "known"}})
    if counts:
        with pytest.raises(ResponseError, match="location 10001 is called"):
            examine(LMP, REQUEST, body, locations=locations)
    else:
        assert examine(LMP, REQUEST, body, locations=locations).flaws[0].locations == (NODE,)


def test_an_entry_with_flaws_counts_only_while_each_is_accepted_on_its_day() -> None:
    entry = Entry(
        "20181104",
        1,
        "",
        1,
        "2026-06-12T04:00Z",
        "",
        "final",
        missing=("x",),
        flaws=(Flaw("sum", "x"),),
    )
    both = {"missing": "a", "sum": "b"}
    assert missing.is_usable(entry, HUBS, {DAY: both})
    for accepted in ({}, {DAY: {"sum": "b"}}, {DAY: {"missing": "a"}}, {dt.date(2018, 1, 1): both}):
        assert not missing.is_usable(entry, HUBS, accepted)
    suspect = Entry(
        "20181104", 1, "", 1, "2026-06-12T04:00Z", "", "final", flaws=(Flaw("constant-day", "x"),)
    )
    assert missing.is_usable(suspect, HUBS, {})


def test_the_configuration_s_flaws_are_sorted_by_day_and_name() -> None:
    given = [
        AcceptedFlaw(LMP.name, DAY, "a", "sum"),
        AcceptedFlaw(LMP.name, DAY, "b", "node"),
        AcceptedFlaw("lmp_rt_hourly", DAY, "c", "sum"),
    ]
    assert missing.accepted_flaws(given, LMP.name) == {DAY: {"sum": "a", "node": "b"}}


# from the service to the tables


def serve(folder: Path, rows: Rows) -> Path:
    path = folder / "responses/api/v1.1/hourlylmp/da/final/day/20181104.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body_of(rows))
    return folder / "responses"


def download(
    store: Store, replay: Path, accepted: Accepted, locations: Locations = ALL_LOCATIONS
) -> None:
    with (
        Sandbox(
            replay=replay,
            replay_only=True,
            today=dt.date(2026, 6, 15),
            server_name=SANDBOX_SERVER,
        ) as server,
        Client(Source("sandbox", server.url), read_settings({}).http) as client,
    ):
        job = DatasetYear(LMP.name, 2018, DAY, DAY, locations)
        download_year(Downloader(store, client, LMP, accepted), job, newest_first=False)


def packed(store: Store, locations: Locations = ALL_LOCATIONS) -> dict[tuple[int, int], Any]:
    """By location and hour of the day what is in the table."""
    pack_year(store, LMP.name, PERIOD, locations)
    start = market_time.day_bounds(DAY)[0]
    return {
        (row["location_id"], (int(row["interval_start_utc"].timestamp()) - start) // 3600): row
        for row in pq.read_table(store.parquet_path(LMP.name, PERIOD)).to_pylist()
    }


@each_flaw
def test_a_day_with_an_accepted_flaw_goes_through_to_table_and_deep_check(
    tmp_path: Path, spoil: Spoil, name: str, sentence: str
) -> None:
    store = Store(tmp_path / "sandbox")
    replay = serve(tmp_path, spoil(rows()))
    with pytest.raises(MissingDaysError, match=sentence):
        download(store, replay, {DAY: {"missing": "another flaw"}})
    download(store, replay, {DAY: {name: "known to ISO-NE"}})
    marker = read_manifest(store.marker_path(LMP.name, PERIOD))
    (flaw,) = marker.flaws
    assert (flaw.day, flaw.flaw, flaw.reason) == ("2018-11-04", name, "known to ISO-NE")
    assert store.read_ledger(LMP.name, 2018)["20181104"].flaws[0].what == flaw.what
    assert marker.gaps == ()
    found = packed(store)
    assert len(found) == marker.rows
    whole = {(id, hour) for id in (*CORE_LOCATIONS, NODE) for hour in range(25)}
    absent = {"disagreement": {(4000, 0)}, "node": {(NODE, 0)}}.get(name, set())
    assert found.keys() == whole - absent
    if name == "null-price":
        assert (found[4000, 0]["lmp"], found[4000, 0]["loss"]).count(None) == 1
    if name == "sum":
        assert found[4000, 0]["lmp"] == 28.32
    assert verify_year(store, settings_for(store), LMP.name, PERIOD).verdict == OK


def test_the_deep_check_accepts_no_flaw_that_the_marker_does_not_say(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox")
    download(store, serve(tmp_path, with_wrong_sum(rows())), {DAY: {"sum": "known"}})
    path = store.marker_path(LMP.name, PERIOD)
    marker = json.loads(path.read_text())
    path.write_text(json.dumps(marker | {"flaws": []}))
    verdict = verify_year(store, settings_for(store), LMP.name, PERIOD)
    assert verdict.verdict == DAMAGED
    assert "components do not add up" in verdict.damage[0].reason


def test_the_deep_check_says_where_the_ledger_s_flaws_are_not_the_response_s(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "sandbox")
    download(store, serve(tmp_path, rows()), {})
    path = store.marker_path(LMP.name, PERIOD)
    marker = json.loads(path.read_text())
    marker["requests"][0]["flaws"] = [{"name": "sum", "what": "1 row"}]
    path.write_text(json.dumps(marker))
    verdict = verify_year(store, settings_for(store), LMP.name, PERIOD)
    assert "what it says of the response is not what the ledger says" in verdict.damage[0].reason


def test_a_doubtful_node_that_is_not_chosen_is_named_and_hinders_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path / "sandbox")
    replay = serve(tmp_path, with_two_names(rows()))
    with caplog.at_level(logging.WARNING):
        download(store, replay, {}, HUBS)
    assert "location 10001 is called LD.OTHER" in caplog.text
    (flaw,) = read_manifest(store.marker_path(LMP.name, PERIOD)).flaws
    assert (flaw.flaw, flaw.reason) == ("node", "")
    (day,) = history.days_of(read_manifest(store.marker_path(LMP.name, PERIOD)))
    accepted, suspect = day[-2:]
    assert accepted is None, "nobody has accepted it"
    assert str(suspect).startswith("node: location 10001 is called LD.OTHER")
    assert {id for id, _ in packed(store, HUBS)} == set(HUBS)
    assert verify_year(store, settings_for(store), LMP.name, PERIOD).verdict == OK
    with pytest.raises(MissingDaysError, match="location 10001 is called"):
        download(store, replay, {}, (4000, NODE))


def test_a_day_counts_no_more_when_its_flaw_is_no_longer_accepted(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox")
    replay = serve(tmp_path, with_wrong_sum(rows()))
    download(store, replay, {DAY: {"sum": "known"}})
    with pytest.raises(MissingDaysError, match="components do not add up"):
        download(store, replay, {})
    serve(tmp_path, rows())
    download(store, replay, {})
    assert store.read_ledger(LMP.name, 2018)["20181104"].flaws == ()
