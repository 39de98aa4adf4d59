"""What bound in an extreme hour, and how a year differs from the one before, by made-up prices."""

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from one_day import HUB, MIDNIGHT, database

from isone.report.queries import hours, prices
from isone.report.queries.working_tables import open_report


def test_an_extreme_hour_names_what_bound_the_largest_first(tmp_path: Path) -> None:
    path = database(tmp_path / "isone.duckdb", {"lmp_rt_hourly": [20.0, 500.0, 30.0]})
    with duckdb.connect(str(path)) as connection:
        for minute, name, value in (
            (0, "SMALL", -3.0),
            (5, "LARGE", -900.0),
            (10, "LARGE", -2.0),
            (15, "MIDDLE", 40.0),
            (60, "LATER", -1.0),
        ):
            begins = MIDNIGHT + dt.timedelta(hours=1, minutes=minute)
            connection.execute(
                "INSERT INTO constraints_rt_5min BY NAME SELECT ? AS interval_start_utc, "
                "? AS interval_end_utc, ? AS operating_day, ? AS constraint_name, "
                "'' AS contingency_name, ? AS marginal_value, 1 AS occurrence, '' AS market",
                [begins, begins + dt.timedelta(minutes=5), MIDNIGHT.date(), name, value],
            )
    with open_report(path) as connection:
        found = hours.extremes(connection).to_pylist()
    found = [row for row in found if row["peak"] == "all" and row["year"] == 0]
    highest = [row for row in found if row["kind"] == "highest"]
    assert [(row["rank"], row["hour"], row["rt"], row["bound"]) for row in highest] == [
        (1, "2025-06-02 HE 02", 500.0, "LARGE, MIDDLE, SMALL"),
        (2, "2025-06-02 HE 03", 30.0, "LATER"),
        (3, "2025-06-02 HE 01", 20.0, None),
    ]


def test_the_second_hour_of_autumn_has_iso_nes_mark(tmp_path: Path) -> None:
    path = database(tmp_path / "isone.duckdb", {"lmp_da_hourly": []})
    autumn = dt.datetime(2025, 11, 2, 4, tzinfo=dt.UTC)
    _insert(path, autumn, [1.0, 2.0, 3.0, 4.0])
    with open_report(path) as connection:
        found = hours.extremes(connection).to_pylist()
    named = {row["da"]: row["hour"][-6:].strip() for row in found if row["kind"] == "highest"}
    assert named == {1.0: "HE 01", 2.0: "HE 02", 3.0: "HE 02X", 4.0: "HE 03"}


def test_a_year_is_compared_with_the_same_days_of_the_year_before(tmp_path: Path) -> None:
    path = database(tmp_path / "isone.duckdb", {"lmp_da_hourly": []})
    for day, price in (
        ("2023-02-28", 10.0),
        ("2023-03-01", 20.0),
        ("2023-03-02", 1000.0),  # of no day that the next year has
        ("2024-02-28", 13.0),
        ("2024-02-29", 500.0),  # of no day that the year before has
        ("2024-03-01", 21.0),
    ):
        _insert(path, dt.datetime.fromisoformat(f"{day}T17:00+00:00"), [price])
    with open_report(path) as connection:
        found = {
            (row["year"], row["peak"]): (row["da_change"], row["da_change_days"])
            for row in prices.yearly(connection).to_pylist()
        }
    assert found[2024, "all"] == (pytest.approx((13 - 10 + 21 - 20) / 2), 2)
    assert found[2024, "on"] == found[2024, "all"]  # noon of weekdays
    assert found[2023, "all"] == found[0, "all"] == (None, None)


def _insert(path: Path, begins: dt.datetime, some: list[float]) -> None:
    """Day-ahead prices at the hub, an hour each."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        for number, price in enumerate(some):
            begin = begins + dt.timedelta(hours=number)
            connection.execute(
                "INSERT INTO lmp_da_hourly BY NAME SELECT ? AS interval_start_utc, "
                "? AS interval_end_utc, CAST(? AS DATE) AS operating_day, '' AS market, "
                f"{HUB} AS location_id, '.H.INTERNAL_HUB' AS location, 'HUB' AS location_type, "
                "? AS lmp, ? AS energy, 0 AS congestion, 0 AS loss",
                [begin, begin + dt.timedelta(hours=1), begin, price, price],
            )
