"""The same day from both sources gives the same rows."""

import datetime as dt
from typing import Any

import pytest
from reading import examine, records_of

from isone.download.client import Client
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.response import report_places
from isone.store import gzipped

SPRING, SUMMER, AUTUMN = dt.date(2026, 3, 8), dt.date(2025, 7, 15), dt.date(2025, 11, 2)
PUBLIC = [dataset.name for dataset in DATASETS.values() if dataset.public_csv]


def rows(dataset: Dataset, requests: list[Request], client: Client) -> dict[tuple[Any, ...], Any]:
    """Every row by time, place and names, each request validated on the way."""
    found = {}
    for request in requests:
        body = gzipped.inflate(client.fetch(client.source.path(dataset, request)))
        examine(dataset, request, body).require_whole()
        for row in records_of(dataset, body):
            values = {column.name: getattr(row, column.name) for column in dataset.columns}
            names = (values[name] for name in dataset.names)
            found[market_time.parse_timestamp(row.begins), row.place, *names] = values
    return found


def _not_in_report(dataset: Dataset) -> list[str]:
    """The columns that a dataset's report has not: of hourly reserves, the requirements."""
    assert dataset.public_csv
    headings = dataset.public_csv.headings
    hidden = "requirement" if dataset.name == "reserve_hourly" else None
    return [
        column.name
        for column in dataset.columns
        if column.field not in headings or (hidden and hidden in column.name)
    ]


@pytest.mark.parametrize("day", [SPRING, SUMMER, AUTUMN], ids=["spring", "summer", "autumn"])
@pytest.mark.parametrize("name", PUBLIC)
def test_a_day_has_equal_rows_from_the_web_services_and_from_the_reports(
    api: Client, public: Client, name: str, day: dt.date
) -> None:
    dataset, listing = DATASETS[name], DATASETS["lmp_da_hourly"]
    report = public.fetch(listing.csv_path(Request(listing.name, SUMMER)))
    report_places.learn(report_places.places_in(gzipped.inflate(report)))
    from_reports = rows(dataset, dataset.csv_requests(day), public)
    from_api = rows(dataset, dataset.day_requests(day, "all"), api)
    for values in from_api.values():
        values |= dict.fromkeys(_not_in_report(dataset))
    assert from_reports == from_api
    if dataset.times.owes_rows:
        assert len({slot for slot, *_ in from_api}) == len(
            market_time.interval_starts(day, dataset.interval_minutes)
        )


def test_five_minute_prices_of_a_day_come_in_six_reports_with_all_locations() -> None:
    requests = DATASETS["lmp_rt_5min"].csv_requests(AUTUMN)
    assert [request.name for request in requests] == [
        f"20251102.b{h:02d}" for h in (0, 4, 8, 12, 16, 20)
    ]
    counts = [len(DATASETS["lmp_rt_5min"].intervals(request)) for request in requests]
    assert counts == [60, 48, 48, 48, 48, 48]
    key = DATASETS["lmp_rt_5min"].id_key
    assert key is not None
    assert key.values == HUBS
