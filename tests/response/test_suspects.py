"""A look across responses sees what one alone does not show, and leaves real days alone.

Each change is made to every day there is: to made-up ones, and to ISO-NE's real ones of three
months of 2017 where those are here.
"""

import datetime as dt
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from running import Snakemake

from isone.audit.verify.year import verify_year
from isone.download import by_hand
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.download.outcome import Outcome
from isone.load import history
from isone.market import flaws, market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.response.across_responses import Known
from isone.response.table import read_table
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.sandbox.synthetic import Synthetic
from isone.store.ledger import Entry
from isone.store.store import Store
from isone.store.year_marker import DayFlaw, Manifest, day_flaws, read_manifest

DAY_AHEAD, REAL_TIME = DATASETS["lmp_da_hourly"], DATASETS["lmp_rt_hourly"]
REGULATION = DATASETS["regulation_hourly"]
LMP, ALL = (DAY_AHEAD, REAL_TIME), (DAY_AHEAD, REAL_TIME, REGULATION)
LATER = dt.datetime(2026, 6, 1, 16, tzinfo=dt.UTC)
COMPONENTS = ("LmpTotal", "EnergyComponent", "CongestionComponent", "LossComponent")
REGULATION_PRICES = ("RegServiceClearingPrice", "RegCapacityClearingPrice")

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Response:
    """A response of one of the three sets, as records to change."""

    dataset: Dataset
    day: dt.date
    rows: Rows

    @property
    def request(self) -> Request:
        return Request(self.dataset.name, self.day)

    @property
    def hours(self) -> list[Rows]:
        """The records of each hour, copied."""
        found: dict[str, Rows] = {}
        for row in self.rows:
            found.setdefault(row["BeginDate"], []).append(dict(row))
        return list(found.values())

    def body(self, rows: Rows | None = None) -> bytes:
        outer, inner = self.dataset.wrapper
        return msgspec.json.encode({outer: {inner: self.rows if rows is None else rows}})


def response(dataset: Dataset, day: dt.date, body: bytes) -> Response:
    outer, inner = dataset.wrapper
    return Response(dataset, day, json.loads(body)[outer][inner])


@pytest.fixture(scope="module", params=["made-up", "real"])
def responses(request: pytest.FixtureRequest) -> list[Response]:
    """All days of the three sets: thirty made-up ones over a change of clocks, or ninety real."""
    if request.param == "made-up":
        made_up = Synthetic(seed=1, nodes=0)
        days = list(market_time.days(dt.date(2024, 2, 20), dt.date(2024, 3, 20)))
        return [
            response(
                dataset,
                day,
                made_up.answer(dataset.request.url_path(Request(dataset.name, day)), LATER).body,
            )
            for dataset in ALL
            for day in days
        ]
    folder = Path(__file__).parents[3] / "shared/isone/replay/api/v1.1"
    if not folder.exists():
        pytest.skip(f"no recorded responses at {folder}")
    return [
        response(
            dataset,
            day,
            (folder / f"{dataset.request.url_path(Request(dataset.name, day))}.json").read_bytes(),
        )
        for dataset in ALL
        for day in market_time.days(dt.date(2017, 1, 1), dt.date(2017, 3, 31))
    ]


def look(known: Known, given: Response, rows: Rows | None = None) -> list[str]:
    """The names of what is found in a response, or in its records after a change."""
    _, found = known.examine(read_table(given.dataset, given.body(rows)), given.request)
    return [flaw.name for flaw in found]


def with_prices(rows: Iterable[Rows], prices: Iterable[Rows]) -> Rows:
    """Records that keep their interval and location, and take the prices of others."""
    kept = ("BeginDate", "Location", "HourEnd")
    return [
        row | {name: value for name, value in other.items() if name not in kept}
        for of_hour, of_other in zip(rows, prices, strict=True)
        for row, other in zip(of_hour, of_other, strict=True)
    ]


def test_of_real_days_at_most_one_is_suspect_and_of_made_up_ones_none(
    responses: list[Response],
) -> None:
    known = Known()
    found = {(str(each.request), name) for each in responses for name in look(known, each)}
    real = responses[0].day.year == 2017
    assert found == ({("2017-03-01", "flat-prices")} if real else set())
    assert len(responses) == (270 if real else 90)


def flat(hours: list[Rows], first: int, length: int) -> list[Rows]:
    """The prices of some hours as they were in the first of them."""
    return [hours[first] if first <= n < first + length else each for n, each in enumerate(hours)]


def set_to(hours: list[Rows], names: Sequence[str], value: float) -> list[Rows]:
    """Some prices of all hours set to one value."""
    return [[row | dict.fromkeys(names, value) for row in rows] for rows in hours]


def moved(hours: list[Rows], by: float, *names: str) -> list[Rows]:
    """Some prices of the first record moved, and its sum kept where there is one."""
    first = hours[0][0]
    news = {name: first[name] + by for name in names}
    return [[first | news, *hours[0][1:]], *hours[1:]]


def priced(hours: list[Rows], price: float) -> list[Rows]:
    """The first record with another price, all of it congestion."""
    first = hours[0][0]
    congestion = price - first["EnergyComponent"] - first["LossComponent"]
    changed = first | {"LmpTotal": price, "CongestionComponent": congestion}
    return [[changed, *hours[0][1:]], *hours[1:]]


def energy_apart(hours: list[Rows]) -> list[Rows]:
    """Energy at one location and time another than elsewhere, taken from its congestion."""
    *others, last = hours[5]
    apart = {
        "EnergyComponent": last["EnergyComponent"] + 0.5,
        "CongestionComponent": last["CongestionComponent"] - 0.5,
    }
    return [*hours[:5], [*others, last | apart], *hours[6:]]


def negative(hours: list[Rows], *names: str) -> list[Rows]:
    first = hours[0][0]
    return [[first | {name: -abs(first[name]) - 0.01 for name in names}], *hours[1:]]


Change = Callable[[list[Rows]], list[Rows]]
BEYOND = [size * sign for size in (10_000.0, 100_000.0, 1_000_000.0) for sign in (1, -1)]
CHANGES: list[Any] = [
    pytest.param(LMP, lambda h: flat(h, 0, 3), "flat-prices", id="flat for three hours"),
    pytest.param(LMP, lambda h: flat(h, 8, 9), "flat-prices", id="flat for nine hours"),
    pytest.param(
        (REGULATION,), lambda h: flat(h, 8, 9), "flat-prices", id="regulation flat for nine hours"
    ),
    pytest.param(LMP, lambda h: [*h[:-1], h[-2]], "repeated-hour", id="23:00 a copy of 22:00"),
    pytest.param(LMP, lambda h: [h[0], *h[:-1]], "repeated-hour", id="hours shifted by one"),
    pytest.param(LMP, lambda h: set_to(h, COMPONENTS, 0), "constant-day", id="LMP all zero"),
    pytest.param(ALL, lambda h: flat(h, 0, 25), "constant-day", id="the first hour all day"),
    *(
        pytest.param(
            (REGULATION,),
            lambda h, names=names: set_to(h, names, 0),
            "constant-day",
            id=f"{' and '.join(names)} all zero",
        )
        for names in (REGULATION_PRICES, REGULATION_PRICES[:1], REGULATION_PRICES[1:])
    ),
    *(
        pytest.param(
            LMP,
            lambda h, price=price: priced(h, price),
            "out-of-bounds",
            id=f"one price of {price:,.0f}",
        )
        for price in BEYOND
    ),
    pytest.param(
        (REGULATION,),
        lambda h: moved(h, 10_000, "RegCapacityClearingPrice"),
        "out-of-bounds",
        id="a regulation price +10,000",
    ),
    *(
        pytest.param(
            (REGULATION,),
            lambda h, names=names: negative(h, *names),
            "negative-price",
            id=f"{' and '.join(names)} below zero",
        )
        for names in (REGULATION_PRICES, REGULATION_PRICES[:1], REGULATION_PRICES[1:])
    ),
    pytest.param(
        LMP,
        lambda h: moved(h, 0.003, "LmpTotal", "LossComponent"),
        "fraction-of-cent",
        id="a tenth of a cent",
    ),
    pytest.param(LMP, energy_apart, "energy-differs", id="energy differs at one location"),
]


@pytest.mark.parametrize(("datasets", "change", "flaw"), CHANGES)
def test_a_change_within_a_day_is_seen_on_every_day(
    responses: list[Response], datasets: Sequence[Dataset], change: Change, flaw: str
) -> None:
    chosen = [each for each in responses if each.dataset in datasets]
    unseen = []
    for each in chosen:
        hours = each.hours
        if flaw not in look(Known(), each, with_prices(hours, change(hours))):
            unseen.append(str(each.request))
    # three real hours have the same prices, so where all hours move these are flat, and said so
    flat_anyway = {"2017-03-01"} if flaw == "repeated-hour" else set()
    assert set(unseen) <= flat_anyway
    assert chosen


def test_the_other_markets_prices_are_seen_on_every_day(responses: list[Response]) -> None:
    by_day = {(each.dataset.name, each.day): each for each in responses}
    days = [each.day for each in responses if each.dataset is DAY_AHEAD]
    for asked, answered in (LMP, LMP[::-1]):
        known = Known()
        for day in days:
            look(known, by_day[answered.name, day])
        for day in days:
            given = replace(by_day[answered.name, day], dataset=asked)
            assert "same-as-another-dataset" in look(known, given), day


@pytest.mark.parametrize("dataset", ALL, ids=lambda each: each.name)
def test_another_days_prices_are_seen_on_every_day(
    responses: list[Response], dataset: Dataset
) -> None:
    known = Known()
    days = [each for each in responses if each.dataset is dataset]
    for each in days:
        look(known, each)
    pairs = [
        (one, other)
        for one in days
        for other in days
        if (other.day - one.day).days in (-7, -1, 1, 7) and len(one.rows) == len(other.rows)
    ]
    for one, other in pairs:
        rows = with_prices(one.hours, other.hours)
        assert "same-as-another-day" in look(known, one, rows), f"{one.day} as {other.day}"
    assert len(pairs) > len(days)


def made_up(dataset: str, day: dt.date, **share: Any) -> tuple[Dataset, Request, bytes]:
    request = Request(dataset, day, **share)
    synthetic = Synthetic(seed=1, nodes=share.pop("nodes", 3))
    body = synthetic.answer(DATASETS[dataset].request.url_path(request), LATER).body
    return DATASETS[dataset], request, body


DAY = dt.date(2025, 4, 10)


@pytest.mark.parametrize("dataset", DATASETS)
def test_two_days_of_every_set_raise_nothing_and_one_under_the_others_name_is_seen(
    dataset: str,
) -> None:
    known, row = Known(), DATASETS[dataset]
    asked_at = row.day_requests(DAY, HUBS[:1])[0].location
    place = {} if asked_at is None else {"location": asked_at}
    others = [made_up(dataset, DAY + dt.timedelta(days=n), **place) for n in (1, 2)]
    for row_of_day, request, body in others:
        assert known.examine(read_table(row_of_day, body), request)[1] == []
    _, other, body = others[0]
    served = body.replace(str(other.day).encode(), str(DAY).encode())
    digest, found = known.examine(read_table(row, served), replace(other, day=DAY))
    if any(key.kind == "publication" for key in row.key):
        assert found == []  # its publications were not moved with it, and their order is another
    elif digest:
        assert [flaw.name for flaw in found] == ["same-as-another-day"]
        assert found[0].what == f"the prices are those of {other.day}; either may be wrong"
    else:  # few constraints bind on these days
        assert row.data_type == "constraints"


@pytest.mark.slow(2)
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_whole_synthetic_year_raises_nothing(dataset: str) -> None:
    known, row = Known(), DATASETS[dataset]
    synthetic = Synthetic(seed=0, nodes=0)
    first = max(dt.date(2024, 1, 1), row.first_day)
    has_prices = any(column.is_price for column in row.values)
    days = list(market_time.days(first, first + dt.timedelta(days=365)))
    if not has_prices:
        days = days[::14]
    elif row.times.minutes != 60:  # of twelve days two that are neighbours
        days = [day for number, day in enumerate(days) if number % 12 < 2]
    for request in dict.fromkeys(each for day in days for each in row.day_requests(day, HUBS[:3])):
        body = synthetic.answer(row.request.url_path(request), LATER).body
        assert known.examine(read_table(row, body), request)[1] == [], request


def test_a_day_may_have_the_same_prices_in_its_preliminary_and_its_final_version() -> None:
    known = Known()
    row, request, body = made_up("lmp_rt_hourly", DAY)
    assert known.examine(read_table(row, body), replace(request, prelim=True))[1] == []
    assert known.examine(read_table(row, body), request)[1] == []


def test_the_same_prices_at_another_location_or_hour_of_another_day_are_no_suspects() -> None:
    known = Known()
    known.add(Request("lmp_rt_5min", DAY, hour=3), "same")
    known.add(Request("lmp_rt_5min", DAY, location=4001), "same")
    next_day = DAY + dt.timedelta(days=1)
    assert known.find(Request("lmp_rt_5min", next_day, hour=4), "same") == []
    assert known.find(Request("lmp_rt_5min", next_day, location=4002), "same") == []
    assert known.find(Request("lmp_rt_5min", DAY, hour=5), "same") == []


def test_an_hour_of_all_locations_with_the_prices_of_its_neighbour_is_seen() -> None:
    known = Known()
    row, request, body = made_up("lmp_rt_5min", DAY, hour=3)
    known.examine(read_table(row, body), request)
    _, found = known.examine(
        read_table(row, body.replace(b"T03:", b"T04:")), replace(request, hour=4)
    )
    what = f"the prices are those of {DAY} from 03:00; either may be wrong"
    assert found == [flaws.Flaw("repeated-hour", what)]


def test_reserve_prices_may_be_zero_all_day_and_days_without_constraints_alike() -> None:
    known = Known()
    for day in (DAY, DAY + dt.timedelta(days=1)):
        row, request, body = made_up("reserve_hourly", day)
        records = json.loads(body)["FinalHourlyReservePrices"]["FinalHourlyReservePrice"]
        nothing = {name: 0 for name in records[0] if name.endswith(("Price", "Mw", "Requirement"))}
        records = [record | nothing for record in records]
        served = {"FinalHourlyReservePrices": {"FinalHourlyReservePrice": records}}
        assert known.examine(read_table(row, json.dumps(served).encode()), request) == ("", [])
        constraints = DATASETS["constraints_da_hourly"]
        request = Request(constraints.name, day)
        nothing_binds = read_table(constraints, b'{"DayAheadConstraints":""}')
        assert known.examine(nothing_binds, request) == ("", [])


def test_a_penalty_of_a_constraint_is_not_out_of_bounds() -> None:
    row = DATASETS["constraints_da_hourly"]
    record = {"BeginDate": "2025-04-10T05:00:00.000-04:00", "ConstraintName": "NE-NY"}
    served = {"DayAheadConstraints": {"DayAheadConstraint": [record | {"MarginalValue": -30000}]}}
    request = Request(row.name, DAY)
    assert Known().examine(read_table(row, json.dumps(served).encode()), request)[1] == []


def test_a_price_beyond_all_measure_is_seen_in_a_large_response() -> None:
    body = Synthetic(seed=1, nodes=400).answer("hourlylmp/da/final/day/20250410", LATER).body
    request = Request(DAY_AHEAD.name, DAY)
    digest, found = Known().examine(read_table(DAY_AHEAD, body), request)
    assert (bool(digest), found) == (True, [])
    other = body.replace(b'"LmpTotal":', b'"LmpTotal":1000', 1)
    changed, found = Known().examine(read_table(DAY_AHEAD, other), request)
    assert changed not in ("", digest)
    assert [flaw.name for flaw in found] == ["out-of-bounds"]


def test_a_finding_says_how_many_prices_and_where_the_first_is(responses: list[Response]) -> None:
    given = next(each for each in responses if each.dataset is REGULATION)
    hours = given.hours
    hours[3][0]["RegCapacityClearingPrice"] = -1.5
    hours[4][0]["RegServiceClearingPrice"] = -2
    _, found = Known().examine(read_table(REGULATION, given.body(sum(hours, []))), given.request)
    assert found[0].what == (
        f"2 prices below zero, the first reg_capacity_clearing_price -1.5 of {given.day} 03:00 EST"
    )


# What becomes of a finding: ledger, log, manifest, table, deep check.

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 1, 5)
WRONG = dt.date(2024, 1, 3)


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    """A service that answers one day with the prices of the day before it."""
    folder = tmp_path / "replay"
    path = DAY_AHEAD.request.path.format(day=f"{WRONG:%Y%m%d}")
    other = DAY_AHEAD.request.path.format(day=f"{WRONG - dt.timedelta(days=1):%Y%m%d}")
    body = Synthetic(seed=0, nodes=0).answer(other, LATER).body
    file = folder / "api/v1.1" / f"{path}.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(body.replace(b"2024-01-02T", b"2024-01-03T"))
    return folder


def download(
    store: Store, replay: Path | None, accepted: dict[dt.date, dict[str, str]] | None = None
) -> list[str]:
    """Bring five days; the answer is what is suspect and not acknowledged."""
    job = DatasetYear(DAY_AHEAD.name, 2024, FIRST, LAST, HUBS)
    with (
        Sandbox(nodes=0, today=dt.date(2026, 6, 15), replay=replay) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        downloader = Downloader(store, client, DAY_AHEAD, accepted or {})
        return downloader.unacknowledged(download_year(downloader, job, newest_first=False))


def marker(store: Store) -> Manifest:
    return read_manifest(store.marker_path(DAY_AHEAD.name, "2024.through-20240105"))


def suspects_of_days(store: Store) -> dict[str, str | None]:
    return {str(row[1]): row[12] for row in history.days_of(marker(store)) if row[12]}


def test_a_suspect_response_is_stored_and_noted_and_a_warning(
    tmp_path: Path, replay: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path / "data")
    said = download(store, replay)
    what = "the prices are those of 2024-01-02; either may be wrong"
    assert said == [
        f"suspect, 2024-01-03: same-as-another-day, {what}",
        "what to do about suspect days: docs/suspects.md",
    ]
    ledger = store.read_ledger(DAY_AHEAD.name, 2024)
    assert len(ledger) == 5
    assert ledger["20240103"].flaws == (flaws.Flaw("same-as-another-day", what),)
    assert ledger["20240103"].prices == ledger["20240102"].prices != ledger["20240101"].prices
    (warning,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert warning.getMessage() == (
        f"2024-01-03: suspect, same-as-another-day: {what}; look at it, and acknowledge it in "
        "accepted_flaws where it is right"
    )
    assert [(each.day, each.flaw, each.reason) for each in marker(store).flaws] == [
        ("2024-01-03", "same-as-another-day", "")
    ]
    assert suspects_of_days(store) == {"2024-01-03": f"same-as-another-day: {what}"}


def test_an_acknowledged_suspect_is_no_warning_and_stays_visible_with_its_reason(
    tmp_path: Path, replay: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path / "data")
    caplog.set_level(logging.INFO)
    said = download(store, replay, {WRONG: {"same-as-another-day": "seen on the page"}})
    assert said == []
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
    assert "acknowledged: seen on the page" in caplog.text
    what = "the prices are those of 2024-01-02; either may be wrong"
    assert suspects_of_days(store) == {
        "2024-01-03": f"same-as-another-day: {what} (seen on the page)"
    }


def test_a_suspect_of_an_earlier_run_is_said_until_it_is_acknowledged(
    tmp_path: Path, replay: Path
) -> None:
    store = Store(tmp_path / "data")
    first = download(store, replay)
    assert download(store, None) == first != []
    assert download(store, None, {WRONG: {"same-as-another-day": "seen"}}) == []
    assert marker(store).flaws[0].reason == "seen"


def test_a_day_is_compared_with_the_days_of_earlier_runs_and_of_the_year_before(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "data")
    download(store, None)
    digests = {entry.prices for entry in store.read_ledger(DAY_AHEAD.name, 2024).values()}
    assert len(digests) == 5
    for years in ([2024], [2023], [2025]):
        known = Known.of(store, DAY_AHEAD, years)
        found = known.find(Request(DAY_AHEAD.name, dt.date(2023, 12, 31)), next(iter(digests)))
        assert [flaw.name for flaw in found] == ["same-as-another-day"]
        found = known.find(Request(REAL_TIME.name, FIRST), sorted(digests)[0])
        assert "same-as-another-day" not in [flaw.name for flaw in found]
    known = Known.of(store, REAL_TIME, [2024])
    request = Request(REAL_TIME.name, FIRST)
    digest = store.read_ledger(DAY_AHEAD.name, 2024)["20240101"].prices
    what = f"the prices are those of {DAY_AHEAD.name}; either may be wrong"
    assert known.find(request, digest) == [flaws.Flaw("same-as-another-dataset", what)]


def test_a_flaw_of_many_responses_of_a_day_is_one_flaw_of_the_day() -> None:
    entries = [
        Entry(
            f"20240103.{location}", 1, "", 1, "2026-06-12T04:00Z", "sandbox", "final", flaws=(flaw,)
        )
        for location, flaw in (
            (4000, flaws.Flaw("out-of-bounds", "first")),
            (4001, flaws.Flaw("out-of-bounds", "second")),
            (4002, flaws.Flaw("negative-price", "third")),
        )
    ]
    assert day_flaws(entries, {WRONG: {"negative-price": "why"}}) == [
        DayFlaw("2024-01-03", "out-of-bounds", "first, and in 1 more response"),
        DayFlaw("2024-01-03", "negative-price", "third", "why"),
    ]


def test_of_many_suspects_the_summary_names_ten_and_counts_the_others(tmp_path: Path) -> None:
    flaw = flaws.Flaw("out-of-bounds", "1 price")
    entries = {
        f"202401{day:02d}": Entry(
            f"202401{day:02d}", 1, "", 1, "2026-06-12T04:00Z", "x", "final", flaws=(flaw,)
        )
        for day in range(1, 14)
    }
    with Client(Source("sandbox", "http://127.0.0.1:9"), read_settings({}).http) as client:
        downloader = Downloader(Store(tmp_path), client, DAY_AHEAD)
        said = downloader.unacknowledged(Outcome(entries=entries))
    assert said[9:11] == [
        "suspect, 2024-01-10: out-of-bounds, 1 price",
        "and 3 more suspects, named in the logs",
    ]


def test_the_deep_check_notes_a_suspect_that_the_marker_has_not_and_damages_nothing(
    tmp_path: Path, replay: Path
) -> None:
    store = Store(tmp_path / "sandbox")
    download(store, replay)
    settings = read_settings({"source": "sandbox", "data_dir": str(tmp_path)})

    def suspect() -> list[str]:
        verdict = verify_year(store, settings, DAY_AHEAD.name, "2024.through-20240105")
        assert (verdict.verdict, verdict.damage) == ("OK", ())
        return [note for note in verdict.notes if "not in the marker" in note]

    assert suspect() == []
    path = store.marker_path(DAY_AHEAD.name, "2024.through-20240105")
    content = json.loads(path.read_bytes())
    for request in content["requests"]:
        request.pop("flaws", None)
    path.write_text(json.dumps(content | {"flaws": []}))
    assert suspect() == [
        f"2024-01-0{one}: suspect, and not in the marker: same-as-another-day, "
        f"the prices are those of 2024-01-0{other}; either may be wrong"
        for one, other in ((2, 3), (3, 2))
    ]


def test_a_download_by_hand_says_what_is_suspect(
    tmp_path: Path,
    replay: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("source: sandbox\n")
    with Sandbox(nodes=0, today=dt.date(2026, 6, 15), replay=replay) as sandbox:
        words = f"--start-date {FIRST} --end-date {LAST} --market-types da --base-url {sandbox.url}"
        assert by_hand.main("lmp", words.split()) == 0
    said = capsys.readouterr()
    assert "2024-01-02: suspect, same-as-another-day" in said.out + said.err


@pytest.mark.workflow
def test_a_suspect_is_in_the_summary_and_in_the_database_and_the_year_is_complete(
    workflow: Path, snakemake: Snakemake, replay: Path
) -> None:
    config = ("source=sandbox", "data_types=lmp", "markets=da", "years=2024", "through=2024-01-05")
    with Sandbox(nodes=0, today=dt.date(2026, 6, 15), replay=replay) as sandbox:
        done = snakemake(*config, f"base_url={sandbox.url}", targets=("load",))
    assert done.returncode == 0, done.stdout
    what = "the prices are those of 2024-01-03; either may be wrong"  # the newest day came first
    summary = done.stdout.rpartition("Download summary")[2]
    assert f"suspect, 2024-01-02: same-as-another-day, {what}" in summary
    assert f"WARNING 2024-01-02: suspect, same-as-another-day: {what}" in "".join(
        path.read_text() for path in (workflow / "logs").rglob("*lmp_da_hourly*.log")
    )
    with duckdb.connect(workflow / "data/sandbox/isone.duckdb", read_only=True) as connection:
        rows = connection.sql(
            "SELECT operating_day, suspects FROM operating_days WHERE suspects IS NOT NULL"
        ).fetchall()
    assert rows == [(dt.date(2024, 1, 2), f"same-as-another-day: {what}")]


def test_real_five_minute_and_day_ahead_ancillary_responses_raise_nothing(
    examples_folder: Path,
) -> None:
    body = (examples_folder / "fiveminutelmp_current.json").read_bytes()
    request = Request("lmp_rt_5min", dt.date(2026, 7, 27), hour=17)
    digest, found = Known().examine(read_table(DATASETS[request.dataset], body), request)
    assert (bool(digest), found) == (True, [])
    case = examples_folder.parents[1] / "cases/01-daas-market-day"
    served = json.loads((case / "replay/api/v1.1/daasreservedata/day/20250624.json").read_text())
    request = Request("reserve_da_hourly", dt.date(2025, 6, 24))
    digest, found = Known().examine(
        read_table(DATASETS[request.dataset], json.dumps(served).encode()), request
    )
    assert (bool(digest), found) == (True, [])
