"""The numbers: against plain SQL on the whole tables, and against what ISO-NE published."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from isone.report import page
from isone.report.data import ReportData

PUBLISHED = {  # the hub's simple hourly means of January and February 2017, $/MWh
    dt.date(2017, 1, 1): (40.30, 36.66),
    dt.date(2017, 2, 1): (30.02, 28.05),
}
MARCH = (35.78, 34.86)
REPLAY = Path(__file__).resolve().parents[3] / "shared" / "isone" / "replay"


def ask(found: ReportData, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(found.database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        return connection.execute(query).fetchall()


def rows(found: ReportData, name: str, **where: Any) -> list[dict[str, Any]]:
    return [
        row
        for row in found.data[name].rows.to_pylist()
        if all(row[key] == value for key, value in where.items())
    ]


def test_monthly_means_are_the_means_that_were_published(replayed: ReportData) -> None:
    found = {row["month"]: row for row in rows(replayed, "monthly", location_id=4000, peak="all")}
    for month, (day_ahead, real_time) in PUBLISHED.items():
        assert round(found[month]["da_mean"], 2) == day_ahead
        assert round(found[month]["rt_mean"], 2) == real_time
    march = found[dt.date(2017, 3, 1)]
    assert march["da_hours"] == 743  # the published means count 744, also the one that clocks skip
    assert (march["da_mean"], march["rt_mean"]) == pytest.approx(MARCH, abs=0.06)


def test_published_means_stand_on_the_page_and_no_word_of_invention(
    replayed: ReportData, open_page: Any, tmp_path: Any
) -> None:
    html = page.write(replayed)
    assert "nvented" not in html.partition('<script type="application/json"')[0]
    (tmp_path / "isone.html").write_text(html, "utf-8")
    shown = open_page(tmp_path / "isone.html")
    assert shown.inner_text("#tiles .period") == "2017, January to March (90 of 365 days)"
    assert shown.inner_text("#tiles dd.value >> nth=0").startswith("35.54")
    shown.evaluate("document.querySelector('#monthly_price details').open = true")
    shown.wait_for_selector("#monthly_price details table")
    text = shown.inner_text("#monthly_price details table")
    for mean in ("40.30", "36.66", "30.02", "28.05"):
        assert mean in text


def test_regulation_is_the_mean_that_was_published(replayed: ReportData) -> None:
    january = [row for row in rows(replayed, "regulation") if row["day"].month == 1]
    assert len(january) == 31
    assert round(sum(row["capacity"] for row in january) / 31, 2) == 29.82
    assert round(sum(row["service"] for row in january) / 31, 2) == 0.50


def test_means_by_day_month_and_year_are_those_of_the_tables(usual: ReportData) -> None:
    for period, name in (("day", "daily"), ("month", "monthly")):
        unit = f"CAST(date_trunc('{period}', operating_day) AS DATE)"
        expected = ask(
            usual,
            f"FROM lmp_da_hourly SELECT location_id, {unit}, avg(lmp) GROUP BY ALL ORDER BY ALL",
        )
        every = {"peak": "all"} if name == "monthly" else {}
        found = [(r["location_id"], r[period], r["da_mean"]) for r in rows(usual, name, **every)]
        assert [each[:2] for each in found] == [each[:2] for each in expected]
        assert [each[2] for each in found] == pytest.approx([each[2] for each in expected])
    ((mean, low, high, negative),) = ask(
        usual,
        "SELECT avg(lmp), min(lmp), max(lmp), count(*) FILTER (lmp < 0) FROM lmp_rt_hourly "
        "WHERE location_id = 4002 AND year(operating_day) = 2025",
    )
    (year,) = [
        row
        for row in rows(usual, "yearly", peak="all")
        if (row["location_id"], row["year"]) == (4002, 2025)
    ]
    assert (year["rt_mean"], year["rt_low"], year["rt_high"]) == pytest.approx((mean, low, high))
    assert year["rt_negative"] == negative


def test_the_day_of_25_hours_keeps_both_hours_of_its_change(usual: ReportData) -> None:
    (year,) = [
        row
        for row in rows(usual, "yearly", peak="all")
        if (row["location_id"], row["year"]) == (4000, 2025)
    ]
    assert (year["da_hours"], year["rt_hours"]) == (8 * 24 + 1, 8 * 24 + 1)


def test_five_minute_prices_stand_in_for_hourly_ones(usual: ReportData) -> None:
    query = (
        "SELECT avg(abs(difference)), max(abs(difference)), count(*) FROM lmp_rt_hourly_from_5min "
        "WHERE location_id = 4000 AND month(operating_day) = 1"
    )
    ((mean, largest, hours),) = ask(usual, query)
    (row,) = rows(usual, "audit", location_id=4000, month=dt.date(2026, 1, 1))
    assert (row["mean_difference"], row["largest_difference"]) == pytest.approx((mean, largest))
    assert row["hours"] == hours


def test_the_spread_is_that_of_the_view(usual: ReportData) -> None:
    ((mean,),) = ask(usual, "SELECT avg(spread) FROM lmp_spread_hourly WHERE location_id = 4005")
    (row,) = [
        row
        for row in rows(usual, "yearly", peak="all")
        if (row["location_id"], row["year"]) == (4005, 0)
    ]
    assert row["spread"] == pytest.approx(mean)
    shares = [row["share"] for row in rows(usual, "spreads", location_id=4005, year=0, peak="all")]
    assert sum(shares) == pytest.approx(100)


def test_top_bottom_spreads_are_means_of_the_most_expensive_minus_the_cheapest_hours(
    usual: ReportData,
) -> None:
    days: dict[dt.date, list[float]] = {}
    for day, price in ask(
        usual, "SELECT operating_day, lmp FROM lmp_da_hourly WHERE location_id = 4000"
    ):
        days.setdefault(day, []).append(price)
    spans = []
    for prices in days.values():
        ordered = sorted(prices)
        spans.append(sum(ordered[-4:]) / 4 - sum(ordered[:4]) / 4)
    (row,) = [
        row
        for row in rows(usual, "yearly", peak="all")
        if (row["location_id"], row["year"]) == (4000, 0)
    ]
    assert row["da_tb4"] == pytest.approx(sum(spans) / len(spans))


def test_the_duration_curve_falls_from_the_highest_price_to_the_lowest(usual: ReportData) -> None:
    curve = rows(usual, "duration", location_id=4000, year=0, market="da", peak="all")
    prices = [row["price"] for row in curve]
    assert prices == sorted(prices, reverse=True)
    ((low, high),) = ask(
        usual, "SELECT min(lmp), max(lmp) FROM lmp_da_hourly WHERE location_id = 4000"
    )
    assert (prices[0], prices[-1]) == (high, low)


def test_shares_of_reserve_prices_above_zero_are_those_of_the_table(usual: ReportData) -> None:
    ((share, mean),) = ask(
        usual,
        "SELECT 100.0 * count(*) FILTER (tmsr_clearing_price > 0) / count(*), "
        "avg(tmsr_clearing_price) FROM reserve_5min WHERE location_id = 7000",
    )
    (row,) = rows(usual, "reserves_above_zero", zone_id=7000, product="tmsr", year=0)
    assert (row["share"], row["price"]) == pytest.approx((float(share), mean))
    ((fives,),) = ask(
        usual,
        "SELECT count(*) FROM reserve_5min WHERE location_id = 7000 AND tmsr_clearing_price > 0",
    )
    assert row["hours"] == pytest.approx(fives / 12)


def test_zones_are_measured_from_the_hub(usual: ReportData) -> None:
    hub = rows(usual, "zones", location_id=4000)
    assert {row["difference"] for row in hub} == {0}
    for row in rows(usual, "zones", location_id=4001, market="da"):
        (reference,) = [
            each for each in hub if (each["month"], each["market"]) == (row["month"], "da")
        ]
        assert row["difference"] == pytest.approx(row["lmp"] - reference["lmp"])


ON_PEAK = """
    hour(interval_start_utc) BETWEEN 7 AND 22 AND isodow(operating_day) < 6
    AND operating_day NOT IN (DATE '2026-01-01', DATE '2017-01-02')
"""


def test_on_peak_and_off_peak_hours_are_told_apart_in_every_table(usual: ReportData) -> None:
    for peak, condition in (("on", ON_PEAK), ("off", f"NOT ({ON_PEAK})")):
        ((mean, hours, low, negative, spread, middle),) = ask(
            usual,
            "SELECT avg(da.lmp), count(*), min(rt.lmp), count(*) FILTER (rt.lmp < 0), "  # noqa: S608
            "avg(da.lmp - rt.lmp), median(da.lmp - rt.lmp) FROM lmp_da_hourly AS da "
            "JOIN lmp_rt_hourly AS rt USING (location_id, interval_start_utc, operating_day) "
            f"WHERE location_id = 4008 AND {condition}",
        )
        (year,) = rows(usual, "yearly", location_id=4008, year=0, peak=peak)
        assert (year["da_mean"], year["rt_low"], year["spread"]) == pytest.approx(
            (mean, low, spread)
        )
        assert (year["da_hours"], year["rt_negative"]) == (hours, negative)
        of_months = rows(usual, "monthly", location_id=4008, peak=peak)
        assert sum(row["da_hours"] for row in of_months) == hours
        curve = rows(usual, "duration", location_id=4008, year=0, market="rt", peak=peak)
        assert curve[-1]["price"] == low
        bins = rows(usual, "spreads", location_id=4008, year=0, peak=peak)
        assert sum(row["hours"] for row in bins) == hours
        (half,) = rows(
            usual, "spread_percentiles", location_id=4008, year=0, peak=peak, percentile=50
        )
        assert half["spread"] == pytest.approx(middle)


def test_the_basis_is_the_mean_difference_of_the_hours_that_both_have(usual: ReportData) -> None:
    ((difference, hours),) = ask(
        usual,
        "SELECT avg(zone.lmp - hub.lmp), count(*) FROM lmp_rt_hourly AS zone "
        "JOIN lmp_rt_hourly AS hub USING (interval_start_utc) WHERE zone.location_id = 4001 "
        "AND hub.location_id = 4000 AND year(zone.operating_day) = 2026",
    )
    (row,) = rows(usual, "basis", location_id=4001, year=2026, peak="all", market="rt")
    assert row["difference"] == pytest.approx(difference)
    assert row["hours"] == hours


@pytest.mark.parametrize(("kind", "order"), [("highest", "DESC"), ("lowest", "ASC")])
@pytest.mark.parametrize("peak", ["all", "on", "off"])
def test_extreme_hours_are_the_first_and_last_of_those_chosen(
    usual: ReportData, kind: str, order: str, peak: str
) -> None:
    on_peak = (
        "(isodow(operating_day) < 6 AND hour(interval_start_utc) BETWEEN 7 AND 22 "
        "AND operating_day != DATE '2026-01-01')"
    )
    chosen = {"all": "true", "on": on_peak, "off": f"NOT {on_peak}"}[peak]
    for year, some in ((0, chosen), (2025, f"{chosen} AND year(operating_day) = 2025")):
        expected = ask(
            usual,
            "SELECT strftime(operating_day, '%Y-%m-%d'), hour(interval_start_utc) + 1, lmp, "  # noqa: S608
            f"congestion, loss FROM lmp_da_hourly WHERE location_id = 4003 AND {some} "
            f"ORDER BY lmp {order}, interval_start_utc LIMIT 10",
        )
        where = {"location_id": 4003, "year": year, "market": "da", "kind": kind, "peak": peak}
        found = rows(usual, "extremes", **where)
        assert [
            (row["hour"][:10], int(row["hour"][14:16]), row["da"], row["congestion"], row["loss"])
            for row in sorted(found, key=lambda row: row["rank"])
        ] == expected
        for row in found:
            assert row["energy"] == pytest.approx(row["da"] - row["congestion"] - row["loss"])


def test_the_highest_hours_of_a_real_winter_are_those_that_were_published(
    replayed: ReportData,
) -> None:
    where = {"location_id": 4000, "year": 2017, "market": "rt", "kind": "highest", "peak": "all"}
    (first,) = rows(replayed, "extremes", rank=1, **where)
    assert (first["hour"], first["rt"], first["da"]) == ("2017-01-10 HE 07", 218.94, 81.96)


def test_top_bottom_spreads_sum_up_to_the_difference_of_the_hours(usual: ReportData) -> None:
    expected = 0.0
    for (prices,) in ask(
        usual,
        "SELECT list_sort(list(lmp)) FROM lmp_rt_hourly WHERE location_id = 4002 "
        "GROUP BY operating_day",
    ):
        expected += sum(prices[-4:]) - sum(prices[:4])
    found = rows(usual, "monthly", location_id=4002, peak="all")
    assert sum(row["rt_tb4_sum"] for row in found) == pytest.approx(expected)


def test_on_peak_means_of_a_real_winter_are_those_of_the_responses(replayed: ReportData) -> None:
    """By the standard library alone, from the recorded responses; 2 January was a holiday."""
    prices: dict[bool, dict[str, list[float]]] = {True: {}, False: {}}
    for market in ("da", "rt"):
        for path in sorted(REPLAY.glob(f"api/v1.1/hourlylmp/{market}/final/day/2017*.json*")):
            for record in json.loads(path.read_bytes())["HourlyLmps"]["HourlyLmp"]:
                begins = dt.datetime.fromisoformat(record["BeginDate"])
                if record["Location"]["@LocId"] == "4008":
                    is_holiday = begins.date() == dt.date(2017, 1, 2)
                    on_peak = 7 <= begins.hour <= 22 and begins.weekday() < 5 and not is_holiday
                    prices[on_peak].setdefault(market, []).append(float(record["LmpTotal"]))
    for peak, on_peak in (("on", True), ("off", False)):
        (year,) = rows(replayed, "yearly", location_id=4008, year=2017, peak=peak)
        for market, found in prices[on_peak].items():
            assert year[f"{market}_mean"] == pytest.approx(sum(found) / len(found))
            assert (year[f"{market}_hours"], year[f"{market}_high"]) == (len(found), max(found))
            assert year[f"{market}_negative"] == sum(price < 0 for price in found)
    assert len(prices[True]["da"]) == 16 * 64  # 65 weekdays, one of them a holiday
