"""Counts at an edge: each price on the side where its cents are, whatever binary fractions do."""

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
from one_day import database

from isone.report.data import ReportData
from isone.report.queries import prices
from isone.report.queries.working_tables import open_report


def spread_bins(path: Path) -> dict[int, int]:
    with open_report(path) as connection:
        found = prices.spreads(connection).to_pylist()
    return {row["low"]: row["hours"] for row in found if row["year"] == 0 and row["peak"] == "all"}


def months(path: Path) -> dict[str, Any]:
    with open_report(path) as connection:
        found = prices.monthly(connection).to_pylist()
    return dict(next(row for row in found if row["peak"] == "all"))


def test_a_spread_on_a_bins_edge_counts_in_the_bin_that_begins_there(tmp_path: Path) -> None:
    pairs = [(25.02, 55.02), (0.3, 0.1), (55.01, 50.01), (19.99, 25.0), (-100.1, 0.0), (99.0, -1.0)]
    assert (25.02 - 55.02) // 5 * 5 == -35  # what binary fractions make of -30.00
    path = database(
        tmp_path / "isone.duckdb",
        {
            "lmp_da_hourly": [da for da, _ in pairs],
            "lmp_rt_hourly": [rt for _, rt in pairs],
        },
    )
    assert spread_bins(path) == {-30: 1, 0: 1, 5: 1, -10: 1, -100: 1, 95: 1}


def test_an_hour_of_five_minute_prices_counts_by_the_cents_of_its_mean(tmp_path: Path) -> None:
    spike = [199.8, 200.1, 200.1] * 4
    zero = [0.3, -0.1, -0.2] * 4
    assert sum(spike) / 12 < 200 and sum(zero) / 12 < 0
    path = database(tmp_path / "isone.duckdb", {"lmp_rt_5min": [*spike, *zero, *[-0.01] * 12]})
    found = months(path)
    assert (found["rt_hours"], found["rt_spikes"], found["rt_negative"]) == (3, 1, 1)


def test_an_hour_is_more_than_a_cent_apart_only_from_the_next_fraction_on(tmp_path: Path) -> None:
    a_cent = [30.01] * 12
    a_cent_and_a_twelfth = [*[30.01] * 11, 30.02]
    path = database(
        tmp_path / "isone.duckdb",
        {"lmp_rt_5min": [*a_cent, *a_cent_and_a_twelfth], "lmp_rt_hourly": [30.0, 30.0]},
    )
    with open_report(path) as connection:
        (found,) = prices.five_minute_audit(connection).to_pylist()
    assert (found["hours"], found["hours_apart"]) == (2, 1)


def test_a_day_that_lacks_an_hour_has_no_top_bottom_spread(tmp_path: Path) -> None:
    prices = [float(hour) for hour in range(24)]
    whole = database(tmp_path / "whole.duckdb", {"lmp_da_hourly": prices})
    short = database(tmp_path / "short.duckdb", {"lmp_da_hourly": prices[:-1]})
    assert months(whole)["da_tb4"] == 20
    assert months(short)["da_tb4"] is None


def test_the_histogram_of_real_prices_is_that_of_their_cents(replayed: ReportData) -> None:
    with duckdb.connect(str(replayed.database), read_only=True) as connection:
        hours = connection.execute(
            "SELECT location_id, CAST(round(100 * da.lmp) AS INTEGER), "
            "CAST(round(100 * rt.lmp) AS INTEGER) FROM lmp_da_hourly AS da "
            "JOIN lmp_rt_hourly AS rt USING (location_id, interval_start_utc)"
        ).fetchall()
    expected = Counter((place, max(-100, min(95, (da - rt) // 500 * 5))) for place, da, rt in hours)
    rows = replayed.data["spreads"].rows.to_pylist()
    found = {
        (row["location_id"], row["low"]): row["hours"]
        for row in rows
        if row["year"] == 0 and row["peak"] == "all"
    }
    assert found == expected


def test_a_mean_is_the_same_in_whatever_order_prices_are_added(tmp_path: Path) -> None:
    prices = [0.1, 0.2, 0.3, 1e6 + 0.7, -1e6, 47.11, 33.33, 0.07, 8.9, 12.34, 56.78, 90.12]
    assert sum(prices) != sum(reversed(prices))
    there = database(tmp_path / "there.duckdb", {"lmp_rt_5min": prices})
    back = database(tmp_path / "back.duckdb", {"lmp_rt_5min": prices[::-1]})
    assert months(there)["rt_mean"] == months(back)["rt_mean"]
    cents = sum(round(100 * price) for price in prices)
    assert round(months(there)["rt_mean"], 6) == round(cents / 1200, 6)
