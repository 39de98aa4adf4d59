"""What is packed for the main chart, unpacked by other means: every cent of the tables."""

import base64
import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from one_day import HUB, MIDNIGHT, database

from isone.report import packed
from isone.report.data import ReportData
from isone.report.packed import Packed
from isone.report.queries.working_tables import open_report


def unpacked(text: str, length: int) -> list[list[int]]:
    """The series of a packed text, number by number."""
    content = gzip.decompress(base64.b64decode(text))
    found = []
    for begin in range(0, len(content), 4 * length):
        piece = content[begin : begin + 4 * length]
        values, last = [], 0
        for i in range(length):
            zigzag = int.from_bytes(bytes(piece[i + n * length] for n in range(4)), "little")
            last += zigzag // 2 if zigzag % 2 == 0 else -(zigzag + 1) // 2
            values.append(last)
        found.append(values)
    return found


def prices_of(packed: Packed) -> dict[tuple[str, int, int], tuple[int, int, int]]:
    """Price, congestion and loss in cents by market, location and hour."""
    hours = [first + n for first, count in packed.about["runs"] for n in range(count)]
    series = unpacked(packed.hours, len(hours))
    named = {
        (each["what"], each.get("market"), each.get("location")): (each, values)
        for each, values in zip(packed.about["series"], series, strict=True)
    }
    nearby: dict[str, list[int]] = {}
    found = {}
    for (what, market, location), (about, congestion) in named.items():
        if what != "congestion":
            continue
        own = np.array(congestion) + np.array(nearby.get(market, 0))
        nearby.setdefault(market, list(own))
        loss = np.array(named["loss", market, location][1])
        rest = named.get(("rest", market, location), (None, 0))[1]  # zero ones are left out
        price = np.array(named["energy", market, None][1]) + rest + own + loss
        absent = {first + n for first, count in about["absent"] for n in range(count)}
        for i, hour in enumerate(hours):
            if i not in absent:
                found[market, location, hour] = (int(price[i]), int(own[i]), int(loss[i]))
    return found


@pytest.mark.parametrize("which", ["usual", "replayed"])
def test_every_cent_of_every_hour_is_there(which: str, request: pytest.FixtureRequest) -> None:
    report: ReportData = request.getfixturevalue(which)
    expected: dict[Any, Any] = {}
    with duckdb.connect(str(report.database), read_only=True) as connection:
        for market, table in (("da", "lmp_da_hourly"), ("rt", "lmp_rt_hourly")):
            for place, hour, *values in connection.execute(
                "SELECT location_id, CAST(epoch(interval_start_utc) // 3600 AS INTEGER), "  # noqa: S608
                f"lmp, congestion, loss FROM {table}"
            ).fetchall():
                expected[market, place, hour] = tuple(round(100 * value) for value in values)
    assert prices_of(report.packed) == expected


def test_hours_that_are_absent_stay_so_whatever_is_around_them(tmp_path: Path) -> None:
    path = database(
        tmp_path / "isone.duckdb",
        {"lmp_da_hourly": [10.01, -150.0, 99999.99], "lmp_rt_hourly": [0.0]},
    )
    with open_report(path) as connection:
        found = packed.pack(connection, [HUB], HUB)
    first = int(MIDNIGHT.timestamp()) // 3600
    assert {key: values[0] for key, values in prices_of(found).items()} == {
        ("da", HUB, first): 1001,
        ("da", HUB, first + 1): -15000,
        ("da", HUB, first + 2): 9999999,
        ("rt", HUB, first): 0,
    }


def test_market_time_changes_where_clocks_do(usual: ReportData) -> None:
    back = int(dt.datetime(2025, 11, 2, 6, tzinfo=dt.UTC).timestamp()) // 3600
    assert usual.packed.about["offsets"][1:] == [[back, -5]]


def test_five_minute_prices_are_the_newest_that_there_is_room_for(
    usual: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    january, *older = usual.packed.five_minutes
    assert january["first"] > max(month["first"] for month in older)
    series = unpacked(january["data"], january["count"])
    with duckdb.connect(str(usual.database), read_only=True) as connection:
        prices: dict[int, list[int]] = {}
        for place, price in connection.execute(
            "SELECT location_id, lmp FROM lmp_rt_5min WHERE year(operating_day) = 2026 "
            "ORDER BY location_id, interval_start_utc"
        ).fetchall():
            prices.setdefault(place, []).append(round(100 * price))
    for number, each in enumerate(january["series"]):
        assert each["absent"] == []
        reference = [0] * january["count"] if number == 0 else series[0]
        found = [a + b for a, b in zip(series[number], reference, strict=True)]
        assert found == prices[each["location"]]
    monkeypatch.setattr(packed, "FIVE_MINUTE_SIZE", len(january["data"]) + 1)
    with open_report(usual.database) as connection:
        found_again = packed.pack(connection, [p.id for p in usual.locations], usual.reference)
    assert [month["first"] for month in found_again.five_minutes] == [january["first"]]
    assert found_again.five_minutes_since == "2026-01-01"


def test_nothing_is_packed_of_nothing(tmp_path: Path) -> None:
    with open_report(database(tmp_path / "isone.duckdb", {})) as connection:
        found = packed.pack(connection, [HUB], HUB)
    assert (found.hours, found.five_minutes, found.five_minutes_since) == ("", [], "")
