"""Real inputs that were rejected once, and what is right for each."""

import datetime as dt
from pathlib import Path

import pytest
from reading import examine, records_of

from isone.errors import ResponseError
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request


def test_a_real_day_of_day_ahead_ancillary_services_is_read(cases_folder: Path) -> None:
    path = "01-daas-market-day/replay/api/v1.1/daasreservedata/day/20250624.json"
    body = (cases_folder / path).read_bytes()
    dataset = DATASETS["reserve_da_hourly"]
    found = examine(dataset, Request(dataset.name, dt.date(2025, 6, 24)), body)
    assert (found.rows, found.missing, found.unknown_fields) == (24, (), ())
    first = records_of(dataset, body)[0]
    assert (first.tmsr_clearing_price, first.fer_clearing_price) == (11.33, 0.0)
    assert first.forecasted_energy_req_mw == 16740.0


def test_a_node_under_two_names_leaves_hub_and_zones_usable(cases_folder: Path) -> None:
    path = "03-one-id-two-names/replay/api/v1.1/hourlylmp/da/final/day/20181104.json"
    body = (cases_folder / path).read_bytes()
    dataset = DATASETS["lmp_da_hourly"]
    request = Request(dataset.name, dt.date(2018, 11, 4))
    found = examine(dataset, request, body, locations=HUBS)
    assert (found.rows, found.places, found.missing) == (18 * 25, 19, ())
    (flaw,) = found.flaws
    assert (flaw.name, flaw.locations) == ("node", (10001,))
    with pytest.raises(ResponseError, match="location 10001 is called LD.OTHER .* and UN.AVOCET"):
        examine(dataset, request, body)
    assert examine(dataset, request, body, accepted={"node"}) == found


@pytest.mark.parametrize("seconds", ["03", "04"])
def test_five_minute_timestamps_some_seconds_late_are_moved_and_counted(
    cases_folder: Path, seconds: str
) -> None:
    body = (cases_folder / f"08-stamps-3s-off/gs683_stamp_{seconds}s_late.json").read_bytes()
    dataset = DATASETS["lmp_rt_5min"]
    request = Request(dataset.name, dt.date(2024, 7, 5), location=4000)
    found = examine(dataset, request, body)
    assert (found.rows, found.missing) == (288, ())
    assert found.off_grid > 0


@pytest.mark.parametrize(
    ("file", "asked", "rows", "copies"),
    [
        (
            "da_report_20181104_unmarked_doubled.csv",
            Request("lmp_da_hourly", dt.date(2018, 11, 4)),
            9 * 25,
            9 * 25,
        ),
        (
            "five_lmp_autumn_line_doubled.csv",
            Request("lmp_rt_5min", dt.date(2024, 11, 3), block=0),
            10 * 60,
            1,
        ),
        (
            "five_reserve_autumn_row_twice.csv",
            Request("reserve_5min", dt.date(2024, 11, 3)),
            4 * 300,
            1,
        ),
    ],
    ids=["hourly, every line", "five minutes, one line", "reserves, one line"],
)
def test_a_line_that_comes_twice_does_not_hide_the_hour_that_comes_twice(
    cases_folder: Path, file: str, asked: Request, rows: int, copies: int
) -> None:
    body = (cases_folder / "09-doubled-line-in-repeated-hour" / file).read_bytes()
    found = examine(DATASETS[asked.dataset], asked, body)
    assert (found.rows, found.duplicates, found.missing) == (rows, copies, ())
