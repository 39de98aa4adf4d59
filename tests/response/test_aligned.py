import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isone.market.datasets import DATASETS
from isone.response import aligned, columns
from isone.response.columns import Columns, Place

DATASET = DATASETS["lmp_rt_hourly"]
FIELDS = ("LmpTotal", "EnergyComponent", "CongestionComponent", "LossComponent")


def record(hour: int = 0, place: str = "4000", name: str = ".H.HUB", **changes: Any) -> Any:
    prices = dict.fromkeys(FIELDS, 1.25) | {"LmpTotal": 10.0 + hour}
    location = {"@LocId": place, "@LocType": "HUB", "$": name}
    timestamp = f"2024-01-01T{hour:02d}:00:00.000-05:00"
    return {"BeginDate": timestamp, "Location": location, **prices, **changes}


def response(records: Any, separators: tuple[str, str] = (",", ":"), ascii: bool = False) -> bytes:
    wrapped = {"HourlyLmps": {"HourlyLmp": records}}
    return json.dumps(wrapped, separators=separators, ensure_ascii=ascii).encode()


def read(body: bytes) -> Columns | None:
    return aligned.read_columns(DATASET, [body])


def read_by_record(body: bytes) -> Columns:
    read = columns.read_columns(DATASET, [body], validated=False)
    assert read is not None
    return read


def as_rows(read: Columns) -> list[tuple[Any, ...]]:
    assert read.unknown_fields == ()
    values = [read.numbers[column.name].tolist() for column in DATASET.columns]
    return list(zip(read.timestamps.to_list(), read.places.to_list(), *values, strict=True))


PRICES = st.decimals(-2000, 4000, places=2).map(float) | st.sampled_from([0, -0.0, 1e-5, 2.5e7])
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
RECORDS = st.lists(
    st.builds(record, st.integers(0, 23), st.integers(1, 99999).map(str), NAMES)
    | st.builds(lambda **prices: record(**prices), **dict.fromkeys(FIELDS, PRICES)),
    min_size=2,
    max_size=12,
)


@settings(deadline=None)
@given(RECORDS, st.booleans())
def test_it_gives_what_reading_record_by_record_gives_or_leaves_it(
    records: list[Any], ascii: bool
) -> None:
    body = response(records, ascii=ascii)
    cells = read(body)
    assert cells is None or as_rows(cells) == as_rows(read_by_record(body))


@settings(deadline=None)
@given(st.lists(st.builds(record, st.integers(0, 23), LmpTotal=PRICES), min_size=2))
def test_it_reads_responses_as_the_service_writes_them(records: list[Any]) -> None:
    cells = read(response(records))
    assert cells is not None
    assert as_rows(cells) == as_rows(read_by_record(response(records)))


def test_places_and_prices_are_those_that_were_served() -> None:
    cells = read(response([record(0), record(1, "4001", "Ünïcode")]))
    assert cells is not None
    assert cells.places.to_list() == [Place(4000, ".H.HUB", "HUB"), Place(4001, "Ünïcode", "HUB")]
    assert cells.numbers["lmp"].tolist() == [10.0, 11.0]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(response([record(0), record(1)], (", ", ": ")), id="spaces"),
        pytest.param(response([record(0), record(1, Surprise=1)]), id="one field more"),
        pytest.param(response([record(0, Surprise=1), record(1, Surprise=1)]), id="a new field"),
        pytest.param(response([record(0), record(1, LmpTotal=None)]), id="null"),
        pytest.param(response([record(0), record(1, LmpTotal="12")]), id="a number as text"),
        pytest.param(response([record(0), dict(reversed(record(1).items()))]), id="another order"),
        pytest.param(response([record(0), record(1, name="A, B")]), id="a comma in a name"),
        pytest.param(response(record(0)), id="one record, an object"),
        pytest.param(
            response([record(0), record(1)]).replace(b'"LossC', b'"LossX'), id="a renamed key"
        ),
        pytest.param(response([record(0), record(1)])[:-40], id="cut off"),
        pytest.param(response([]), id="no record"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>[{</html>}]", id="no JSON"),
    ],
)
def test_a_response_that_is_written_otherwise_is_left_to_the_reader_of_records(body: bytes) -> None:
    assert read(body) is None


def test_a_comma_in_every_name_does_no_harm() -> None:
    body = response([record(0, name="A, B"), record(1, name="C, D")])
    cells = read(body)
    assert cells is not None
    assert as_rows(cells) == as_rows(read_by_record(body))


@settings(deadline=None)
@given(st.data())
def test_bytes_that_were_changed_anywhere_are_read_alike_or_left(data: st.DataObject) -> None:
    body = bytearray(response([record(hour) for hour in range(4)]))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cells = read(bytes(body))
    assert cells is None or as_rows(cells) == as_rows(read_by_record(bytes(body)))


def test_sets_of_other_forms_are_left_alone() -> None:
    body = response([record(0), record(1)])
    for name, dataset in DATASETS.items():
        if not dataset.chooses_locations:
            assert aligned.read_columns(dataset, [body]) is None, name


@pytest.mark.parametrize("text", ['2024"01', "2024\n01", "2024\x7f01", "2024\u202e01"])
def test_a_timestamp_that_would_be_another_in_json_is_left(text: str) -> None:
    """Or is odd enough that a reader of records should see it."""
    body = response([record(0), record(1)])
    assert read(body.replace(b"2024-01", text.encode())) is None
