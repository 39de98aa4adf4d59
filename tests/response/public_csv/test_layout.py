"""Reports are read by what their lines say of themselves, or rejected."""

import csv
import datetime as dt
import io
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import examine, records_of

from isone.download import location_list
from isone.errors import NoDataError, ResponseError
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS
from isone.market.requests import Request
from isone.response import csv_reports, report_places, report_sheet
from isone.response.columns import Place
from isone.response.table import read_table

DAY_AHEAD, FIVE = DATASETS["lmp_da_hourly"], DATASETS["lmp_rt_5min"]
HEADINGS = (
    '"H","Date","Hour Ending","Location ID","Location Name","Location Type",'
    '"Locational Marginal Price","Energy Component","Congestion Component",'
    '"Marginal Loss Component"'
)
TYPES = '"H","Date","HE","String","String","String","Number","Number","Number","Number"'
HUB = '"4000",".H.INTERNAL_HUB","HUB"'


def report(*rows: str, headings: str = HEADINGS, trailer: str = '"T","9 lines"') -> bytes:
    lines = ['"C","A report"', '"C","Report for: 11/03/2024 - 11/03/2024"', headings, TYPES]
    return "\r\n".join([*lines, *rows, trailer, ""]).encode()


def hour(ending: str, price: str = "28.3") -> str:
    return f'"D","11/03/2024","{ending}",{HUB},{price},28.21,0.0,0.09'


def begins(dataset: Dataset, body: bytes) -> list[str]:
    return [row.begins for row in records_of(dataset, body)]


def test_the_real_head_of_a_day_ahead_report_is_read(examples_folder: Path) -> None:
    body = (examples_folder / "WW_DALMP_ISO_20260317.head.csv").read_bytes()
    assert report_sheet.is_report(body)
    (row,) = records_of(DAY_AHEAD, body + b'"T","1 lines"\r\n')
    assert row.begins == "2026-03-17T00:00:00.000-04:00"
    assert row.place == Place(321, "UN.FRNKLNSQ13.810CC", "NETWORK NODE")
    assert (row.lmp, row.energy, row.congestion, row.loss) == (27.93, 27.75, 0.0, 0.18)
    with pytest.raises(ResponseError, match="no trailer: it was cut off"):
        read_table(DAY_AHEAD, body)


def test_real_hours_of_the_days_when_clocks_change_are_where_they_belong(
    examples_folder: Path,
) -> None:
    text = (examples_folder / "dst_days_2023_hub_zones.csv").read_text()
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["location_id"] == "4000"]
    for day in sorted({row["date"] for row in rows}):
        date = dt.date.fromisoformat(day)
        lines = [
            f'"D","{date:%m/%d/%Y}","{r["hour_ending"]}",{HUB},{r["da_lmp"]},{r["da_lmp"]},0,0'
            for r in rows
            if r["date"] == day
        ]
        found = [
            market_time.parse_timestamp(timestamp)
            for timestamp in begins(DAY_AHEAD, report(*lines))
        ]
        assert found == list(market_time.interval_starts(date, 60))


def test_a_real_list_of_locations_and_a_report_name_the_same_places(examples_folder: Path) -> None:
    body = (examples_folder / "locations_all.json").read_bytes()
    listed = {each.id: each.name for each in location_list.read_locations(body)}
    head = (examples_folder / "WW_DALMP_ISO_20260317.head.csv").read_bytes()
    ((id, name, kind),) = report_places.places_in(head + b'"T","1 lines"')
    assert (listed[id], kind) == (name, "NETWORK NODE")


@pytest.mark.parametrize("second", ["02X", "02"], ids=["by its mark", "by order"])
def test_the_hour_that_comes_twice_is_told_apart(second: str) -> None:
    body = report(hour("01"), hour("02"), hour(second), hour("03"))
    assert begins(DAY_AHEAD, body) == [
        "2024-11-03T00:00:00.000-04:00",
        "2024-11-03T01:00:00.000-04:00",
        "2024-11-03T01:00:00.000-05:00",
        "2024-11-03T02:00:00.000-05:00",
    ]


def five(time: str) -> str:
    return f'"D","{time}","4000",28.3,28.21,0.0,0.09'


FIVE_HEADINGS = (
    '"H","Local Time","Location ID","LMP","Energy Component","Congestion Component",'
    '"Loss Component"'
)


def test_five_minute_times_get_the_day_that_the_report_says_it_is_for_and_known_names() -> None:
    body = report(five("02:00:00"), five("02:05:01"), headings=FIVE_HEADINGS)
    rows = records_of(FIVE, body)
    assert rows[1].begins == "2024-11-03T02:05:01.000-05:00"
    assert (rows[0].place.name, rows[0].place.type) == CORE_LOCATIONS[4000]


def test_an_hour_of_five_minutes_that_comes_twice_counts_only_as_one_after_the_other() -> None:
    first = [five(f"01:{minute:02d}:00") for minute in range(0, 60, 5)]
    timestamps = begins(FIVE, report(*first, *first, headings=FIVE_HEADINGS))
    assert [s[-6:] for s in timestamps] == ["-04:00"] * 12 + ["-05:00"] * 12
    mixed = [line for line in first for _ in range(2)]
    with pytest.raises(ResponseError, match="twice, and not in order"):
        begins(FIVE, report(*mixed, headings=FIVE_HEADINGS))
    with pytest.raises(ResponseError, match="once, where clocks show it twice"):
        begins(FIVE, report(*first, headings=FIVE_HEADINGS))


def test_an_exact_copy_of_a_line_is_of_the_same_hour_as_the_line_before_it() -> None:
    first = [hour("02"), hour("02")]  # an hour with the prices of the hour before
    for lines, copies in (
        ([*first, hour("02", "29.3"), hour("02", "29.3")], 2),
        ([hour("02"), hour("02", "29.3"), hour("02", "29.3")], 1),
        ([*first, hour("02", "29.3")], 1),
        (first, 0),
    ):
        found = begins(DAY_AHEAD, report(hour("01"), *lines, hour("03")))
        assert len(found) == 4 + copies
        assert [timestamp[11:13] + timestamp[-6:] for timestamp in dict.fromkeys(found)] == [
            "00-04:00",
            "01-04:00",
            "01-05:00",
            "02-05:00",
        ]


def test_a_line_of_five_minutes_that_comes_twice_does_not_hide_the_second_hour() -> None:
    times = [five(f"01:{minute:02d}:00") for minute in range(0, 60, 5)]
    doubled = [times[0], times[0], *times[1:]]
    for first, second in ((doubled, times), (times, doubled), (doubled, doubled)):
        timestamps = begins(FIVE, report(*first, *second, headings=FIVE_HEADINGS))
        offsets = ["-04:00"] * len(first) + ["-05:00"] * len(second)
        assert [timestamp[-6:] for timestamp in timestamps] == offsets


def test_a_byte_order_mark_and_line_ends_of_either_kind_do_no_harm() -> None:
    body = report(hour("01"))
    for other in (b"\xef\xbb\xbf" + body, body.replace(b"\r\n", b"\n")):
        assert begins(DAY_AHEAD, other) == begins(DAY_AHEAD, body)


def test_a_new_column_is_kept_and_named() -> None:
    body = report(hour("01") + ',"x"', headings=HEADINGS + ',"Carbon Component"')
    assert read_table(DAY_AHEAD, body).unknown_fields == ("Carbon Component",)


def test_a_place_that_nothing_is_known_of_has_no_name() -> None:
    body = report('"D","02:00:00","990099",1.0,1.0,0,0', headings=FIVE_HEADINGS)
    (row,) = records_of(FIVE, body)
    assert (row.place.id, row.place.name, row.place.type) == (990099, None, None)


def bad() -> Iterator[object]:
    yield pytest.param(report(hour("25")), "a time there was not", id="hour 25")
    yield pytest.param(report(hour("02Y")), "'02Y' for a time", id="an unknown mark")
    spring = hour("03").replace("11/03/2024", "03/10/2024")
    yield pytest.param(report(spring), "a time there was not", id="the hour there is not in spring")
    yield pytest.param(report(hour("01", '"1,234.5"')), "looks like", id="a thousands separator")
    yield pytest.param(report(hour("01", '""')), "LmpTotal is null", id="an empty price")
    yield pytest.param(report(hour("01", '"n/a"')), "looks like", id="text for a price")
    yield pytest.param(report(hour("01") + ",1"), "another number of values", id="one value more")
    yield pytest.param(report(hour("01"), trailer=""), "no trailer", id="no trailer")
    renamed = HEADINGS.replace("Locational Marginal", "Nodal")
    yield pytest.param(
        report(hour("01"), headings=renamed),
        "lacks Locational Marginal Price; it",
        id="renamed",
    )
    yield pytest.param(report('"Z","?"'), "begins with 'Z'", id="an unknown line")
    yield pytest.param(report("\xff").replace(b"\xc3\xbf", b"\xff"), "UTF-8", id="no UTF-8")


@pytest.mark.parametrize(("body", "sentence"), list(bad()))
def test_what_is_no_whole_report_is_rejected_with_a_reason(body: bytes, sentence: str) -> None:
    with pytest.raises(ResponseError, match=sentence) as error:
        examine(DAY_AHEAD, Request(DAY_AHEAD.name, dt.date(2024, 11, 3)), body)
    assert "\n" not in str(error.value)


def test_a_report_without_data_is_a_day_without_data() -> None:
    with pytest.raises(NoDataError):
        read_table(DAY_AHEAD, report())


def test_prices_are_those_that_are_written_and_an_empty_one_is_none() -> None:
    body = report(hour("01", "28.30"), hour("03", "-3"), hour("04", chr(34) * 2), hour("05", "007"))
    numbers = csv_reports.read_columns(DAY_AHEAD, body).numbers["lmp"].tolist()
    assert [numbers[0], numbers[1], math.isnan(numbers[2]), numbers[3]] == [28.3, -3.0, True, 7.0]


@pytest.mark.parametrize("price", ["00.5", ".5", "5.", "1e3", "+1", "0x1", "nan", "- 1", "\u0661"])
def test_what_is_no_price_is_rejected_with_its_field(price: str) -> None:
    with pytest.raises(ResponseError, match="lmp_da_hourly looks like: it has .* for LmpTotal"):
        read_table(DAY_AHEAD, report(hour("01", price)))


TEXTS = st.sampled_from(["", "NA", "null", "#N/A", "a,b", 'a"b', "é", " a ", "007", "D", "C", "-"])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_lines_are_taken_apart_as_the_csv_module_does(
    rows: list[tuple[str, str]], end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerows([["C", "a report"], ["H", "One", "Two"], ["H", "String", "String"]])
    writer.writerows(["D", *row] for row in rows)
    writer.writerow(["T", len(rows)])
    sheet = report_sheet.read_sheet(text.getvalue().encode())
    assert list(zip(*(words.to_list() for words in sheet.columns), strict=True)) == rows
    assert (sheet.comments, sheet.headings, len(sheet)) == (
        ("a report",),
        ("One", "Two"),
        len(rows),
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('"C","in between",,,,,,,,', "begins with 'C'"),
        ('"D","11/03/2024', "another number of values|comma-separated text"),
        ('"D",' + '"x' * 8, "another number of values|comma-separated text"),
    ],
)
def test_a_line_among_the_data_that_is_none_rejects_the_report(line: str, sentence: str) -> None:
    with pytest.raises(ResponseError, match=sentence):
        read_table(DAY_AHEAD, report(hour("01"), line, hour("02")))
