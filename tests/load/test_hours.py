"""The view `hours`: the same in both databases, when clocks change too, and what is not stored."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from filled import build_duckdb, fill, load_postgres
from postgres_server import Server

from isone.load.sql import name
from isone.market import market_time
from isone.market.hours import COLUMNS, FUELS
from isone.market.locations import INTERFACES
from isone.run.settings import AcceptedFlaw
from isone.sandbox.supply import generation
from isone.store.store import Store

Row = dict[str, Any]
HOURS = {"2025-11-01": 24, "2025-11-02": 25, "2026-03-08": 23, "2026-03-09": 24}
EXPLAINED = (
    *("lmp_da_hourly", "lmp_rt_hourly", "load_5min", "load_hourly", "forecast_hourly"),
    *("fuel_mix", "interchange_hourly", "constraints_da_hourly"),
)
_LISTED = ", ".join(
    f"CAST(extract(epoch FROM {c.name}) AS BIGINT) AS {c.name}"
    if c.type == "timestamp"
    else name(c.name)
    for c in COLUMNS
)
QUERY = f"SELECT {_LISTED} FROM hours ORDER BY 1"  # noqa: S608


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """What explains prices on both days when clocks change, in DuckDB."""
    store = Store(tmp_path_factory.mktemp("hours") / "sandbox")
    for first, last in (("2025-11-01", "2025-11-02"), ("2026-03-08", "2026-03-09")):
        fill(store, EXPLAINED, first, last)
    build_duckdb(store)
    return store


def hours_of(path: Path) -> list[Row]:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'Asia/Kolkata'")
        rows = connection.execute(QUERY).fetchall()
    return [dict(zip((c.name for c in COLUMNS), row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def hours(explained: Store) -> list[Row]:
    return hours_of(explained.duckdb_path)


def test_postgresql_has_the_same_hours_to_the_last_column(
    explained: Store, hours: list[Row], server: Server
) -> None:
    database = server.new_database("hours")
    load_postgres(explained, database, synthetic=True)
    options = "-c search_path=isone_sandbox -c timezone=Asia/Kolkata"
    with psycopg.connect(database, options=options) as connection:
        cursor = connection.execute(QUERY.encode())
        found = [
            dict(zip((c.name for c in COLUMNS), row, strict=True)) for row in cursor.fetchall()
        ]
        described = connection.execute(
            "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "
            "WHERE attrelid = 'hours'::regclass AND attnum > 0 ORDER BY attnum"
        ).fetchall()
    assert [row[0] for row in described] == [column.name for column in COLUMNS]
    assert all(row[1] for row in described)
    assert len(found) == len(hours) == sum(HOURS.values())
    for one, other in zip(found, hours, strict=True):
        assert {k: v for k, v in one.items() if not isinstance(v, float)} == {
            k: v for k, v in other.items() if not isinstance(v, float)
        }
        numbers = {k: v for k, v in one.items() if isinstance(v, float)}
        assert {k: other[k] for k in numbers} == pytest.approx(numbers, abs=1e-9)


def test_the_columns_are_those_that_are_documented(explained: Store) -> None:
    types = {"DOUBLE": "double", "VARCHAR": "string", "INTEGER": "integer", "DATE": "date"}
    with duckdb.connect(str(explained.duckdb_path), read_only=True) as connection:
        found = connection.execute(
            "SELECT column_name, data_type, comment FROM duckdb_columns() "
            "WHERE table_name = 'hours' ORDER BY column_index"
        ).fetchall()
    expected = [(column.name, column.type) for column in COLUMNS]
    assert [(row[0], types.get(row[1], "timestamp")) for row in found] == expected
    assert all(row[2] for row in found)


def test_each_day_has_its_hours_each_once_with_everything(hours: list[Row]) -> None:
    by_day: dict[str, list[Row]] = defaultdict(list)
    for row in hours:
        by_day[str(row["operating_day"])].append(row)
    assert {day: len(rows) for day, rows in by_day.items()} == HOURS
    for day, rows in by_day.items():
        starts = list(market_time.interval_starts(dt.date.fromisoformat(day), 60))
        assert [row["interval_start_utc"] for row in rows] == starts
        assert [row["local_hour"] for row in rows] == [
            market_time.local_time(start).hour for start in starts
        ]
    assert [column for column in hours[0] if any(row[column] is None for row in hours)] == [
        "constraints_rt"
    ]


def test_prices_load_and_forecast_are_those_of_their_tables(
    explained: Store, hours: list[Row]
) -> None:
    with duckdb.connect(str(explained.duckdb_path), read_only=True) as connection:
        da, rt = (
            dict(
                connection.execute(
                    "SELECT (epoch(interval_start_utc)::BIGINT, location_id), lmp "  # noqa: S608
                    f"FROM {table}"
                ).fetchall()
            )
            for table in ("lmp_da_hourly", "lmp_rt_hourly")
        )
        forecast = dict(
            connection.execute(
                "SELECT epoch(interval_start_utc)::BIGINT, load_forecast FROM forecast_day_ahead"
            ).fetchall()
        )
    for row in hours:
        start = row["interval_start_utc"]
        assert row["lmp_da"] == da[start, 4000]
        assert row["spread"] == pytest.approx(da[start, 4000] - rt[start, 4000])
        assert row["basis_da_maine"] == pytest.approx(da[start, 4001] - da[start, 4000])
        assert row["basis_rt_nemassbost"] == pytest.approx(rt[start, 4008] - rt[start, 4000])
        assert row["forecast_error"] == pytest.approx(row["load"] - forecast[start])
        wind_and_solar = (row["share_wind"] + row["share_solar"]) * row["generation"]
        assert row["net_load"] == pytest.approx(row["load"] - wind_and_solar)


def test_means_of_fuels_are_over_time_and_shares_are_of_all_generation(
    explained: Store, hours: list[Row]
) -> None:
    """Summed by hand: each snapshot holds until the next, a day's first from midnight."""
    with duckdb.connect(str(explained.duckdb_path), read_only=True) as connection:
        stamps = connection.execute(
            "SELECT DISTINCT operating_day, epoch(interval_start_utc)::BIGINT AS moment "
            "FROM fuel_mix ORDER BY moment"
        ).fetchall()
        flagged = connection.execute(
            "SELECT epoch(interval_start_utc)::BIGINT, fuel FROM fuel_mix WHERE marginal = 'Y'"
        ).fetchall()
    made: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    marginal: dict[int, set[str]] = defaultdict(set)
    for number, (day, moment) in enumerate(stamps):
        first, end = market_time.day_bounds(day)
        is_first = number == 0 or stamps[number - 1][0] != day
        is_last = number + 1 == len(stamps) or stamps[number + 1][0] != day
        begins, until = first if is_first else moment, end if is_last else stamps[number + 1][1]
        for hour in range(begins // 3600 * 3600, until, 3600):
            seconds = min(until, hour + 3600) - max(begins, hour)
            for fuel, power in generation(0, moment).items():
                made[hour][fuel] += power * seconds / 3600
            marginal[hour] |= {fuel for at, fuel in flagged if at == moment}
    for row in hours:
        of_hour = made[row["interval_start_utc"]]
        assert row["generation"] == pytest.approx(sum(of_hour.values()))
        shares = {fuel: row[f"share_{column}"] for fuel, column in FUELS.items()}
        assert shares == pytest.approx(
            {fuel: of_hour.get(fuel, 0) / row["generation"] for fuel in FUELS}
        )
        assert sum(shares.values()) == pytest.approx(1)
        assert row["share_new"] == 0
        assert row["marginal_fuels"] == ", ".join(sorted(marginal[row["interval_start_utc"]]))


def test_quebec_is_the_sum_of_its_three_and_imports_are_negative(
    explained: Store, hours: list[Row]
) -> None:
    with duckdb.connect(str(explained.duckdb_path), read_only=True) as connection:
        found = connection.execute(
            "SELECT epoch(interval_start_utc)::BIGINT, location_id, interchange "
            "FROM interchange_hourly"
        ).fetchall()
    by_tie = {(start, id): value for start, id, value in found}
    for row in hours:
        start = row["interval_start_utc"]
        quebec = [by_tie[start, id] for id in (4012, 4013, 4018) if (start, id) in by_tie]
        assert len(quebec) == (3 if row["operating_day"].year == 2026 else 2)
        assert row["interchange_quebec"] == sum(quebec) < 0
        assert row["interchange"] == sum(by_tie.get((start, id), 0) for id in INTERFACES)
        parts = [row[f"interchange_{each}"] for each in ("quebec", "new_brunswick", "new_york")]
        assert row["interchange"] == sum(parts)


def test_an_hour_in_which_nothing_binds_is_not_one_that_is_not_stored(hours: list[Row]) -> None:
    found = {row["constraints_da"] for row in hours}
    assert "" in found
    assert len(found) > 1
    assert {row["constraints_rt"] for row in hours} == {None}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The fuel mix of a day and nothing else, with a new fuel and an accepted gap."""
    store = Store(tmp_path_factory.mktemp("alone") / "sandbox")
    folder = tmp_path_factory.mktemp("recorded")
    _record_odd_fuels(folder)
    day = dt.date(2026, 5, 5)
    gaps = [AcceptedFlaw("fuel_mix", day, "an outage")]
    fill(store, ["fuel_mix"], str(day), str(day), replay=folder, gaps=gaps)
    build_duckdb(store)
    with duckdb.connect(str(store.duckdb_path), read_only=True) as connection:
        yield connection


def _record_odd_fuels(folder: Path) -> None:
    """Snapshots each ten minutes, none from 03:20 to 06:10; a third of all is a new fuel's."""
    start = dt.datetime(2026, 5, 5, 0, 5, tzinfo=market_time.MARKET_ZONE)
    records = []
    for minute in range(0, 1430, 10):
        at = start + dt.timedelta(minutes=minute)
        if 3 * 60 + 20 <= minute <= 6 * 60:
            continue
        begins = at.isoformat(timespec="milliseconds")
        for fuel, power in (("Nuclear", 2000), ("Fusion", 1000)):
            flag = {"FuelCategory": fuel, "GenMw": power, "MarginalFlag": "N"}
            records.append({"BeginDate": begins} | flag)
    file = folder / "api" / "v1.1" / "genfuelmix" / "day" / "20260505.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"GenFuelMixes": {"GenFuelMix": records}}))


def test_what_is_not_stored_is_null(alone: duckdb.DuckDBPyConnection) -> None:
    rows = alone.execute("SELECT lmp_da, net_load, interchange, constraints_da FROM hours")
    assert set(rows.fetchall()) == {(None, None, None, None)}


def test_a_new_fuel_is_in_a_share_of_its_own(alone: duckdb.DuckDBPyConnection) -> None:
    rows = alone.execute("SELECT share_new, share_nuclear, share_coal, marginal_fuels FROM hours")
    (row,) = set(rows.fetchall())
    assert row == (pytest.approx(1 / 3), pytest.approx(2 / 3), 0, "")


def test_an_hour_in_an_accepted_gap_has_no_mean(alone: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT local_hour FROM hours WHERE generation IS NOT NULL ORDER BY local_hour"
    found = [hour for (hour,) in alone.execute(query).fetchall()]
    # the last snapshot before the gap, of 03:15, holds to the end of its hour and two hours more
    assert found == [hour for hour in range(24) if hour != 6]
