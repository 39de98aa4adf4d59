"""Outside bytes: whatever comes, it is read right or rejected with an error of this package."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import examine, records_of

from isone.errors import NoDataError, ResponseError
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.response.table import read_table
from isone.sandbox.message import compress
from isone.store import gzipped

LMP = DATASETS["lmp_da_hourly"]
RECORD = {
    "BeginDate": "2024-01-01T00:00:00.000-05:00",
    "Location": {"@LocId": "4000", "@LocType": "HUB", "$": ".H.INTERNAL_HUB"},
    "LmpTotal": 28.3,
    "EnergyComponent": 28.21,
    "CongestionComponent": 0,
    "LossComponent": 0.09,
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)


def wrapped(content: Any, dataset: Dataset = LMP) -> bytes:
    for key in reversed(dataset.wrapper):
        content = {key: content}
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"HourlyLmps":""}', id="as the service says it"),
        pytest.param(b'{"HourlyLmps":null}', id="null"),
        pytest.param(b'{"HourlyLmps":{}}', id="an empty object"),
        pytest.param(b'{"HourlyLmps":{"HourlyLmp":[]}}', id="an empty list"),
        pytest.param(b'{"HourlyLmps":{"HourlyLmp":""}}', id="an empty text"),
        pytest.param(b'{"HourlyLmps":{"HourlyLmp":null}}', id="null inside"),
        pytest.param(b'{"HourlyLmp":""}', id="the outer wrapper left out"),
        pytest.param(b"{}", id="no wrapper"),
        pytest.param(b" null\r\n", id="null alone"),
        pytest.param(b"[]", id="a list alone"),
        pytest.param(b'\xef\xbb\xbf{"HourlyLmps":""}', id="a byte-order mark"),
    ],
)
def test_every_way_of_saying_nothing_is_understood(body: bytes) -> None:
    with pytest.raises(NoDataError):
        read_table(LMP, body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(wrapped([RECORD]), id="a list of one"),
        pytest.param(wrapped(RECORD), id="an object"),
        pytest.param(json.dumps({"HourlyLmp": RECORD}).encode(), id="without the outer wrapper"),
        pytest.param(b"\xef\xbb\xbf" + wrapped(RECORD), id="after a byte-order mark"),
        pytest.param(wrapped(RECORD).replace(b",", b",\r\n") + b"\r\n", id="CRLF"),
    ],
)
def test_one_record_is_read_in_every_form_it_comes_in(body: bytes) -> None:
    (row,) = records_of(LMP, body)
    assert (row.place.id, row.lmp, row.congestion) == (4000, 28.3, 0)


@pytest.mark.parametrize("field", sorted(RECORD))
@pytest.mark.parametrize(
    "value", [None, "", "1,234.5", True, [], {}, 10**400], ids=lambda v: repr(v)[:9]
)
def test_a_wrongly_typed_value_is_rejected(field: str, value: Any) -> None:
    if field == "BeginDate" and isinstance(value, str):
        return  # a text it is; that it is no timestamp is found when it is held against the day
    is_null_price = value is None and isinstance(RECORD[field], int | float)
    said = f"{field} is null or absent" if is_null_price else "not what lmp_da_hourly looks like"
    with pytest.raises(ResponseError, match=said):
        examine(LMP, Request(LMP.name, dt.date(2024, 1, 1)), wrapped([RECORD | {field: value}]))


@pytest.mark.parametrize("field", sorted(RECORD))
def test_a_missing_or_renamed_field_is_rejected_by_name(field: str) -> None:
    rest = {key: value for key, value in RECORD.items() if key != field}
    for record in (rest, rest | {f"{field}New": RECORD[field]}):
        with pytest.raises(ResponseError, match=f"missing required field `{field}`"):
            read_table(LMP, wrapped([record]))


def test_new_fields_are_named_and_the_rest_is_read() -> None:
    found = read_table(LMP, wrapped([RECORD, RECORD | {"Extra": 1, "More": [2]}]))
    assert found.unknown_fields == ("Extra", "More")
    assert len(found) == 2


def full_record(dataset: Dataset) -> dict[str, Any]:
    """A record of a dataset with every field that it may have."""
    timestamp = "2025-07-01T00:00:00.000-04:00"
    served: Any = timestamp
    for key in reversed(dataset.begins[1:]):
        served = {key: served, "gmt_begin_date": served, "local_hour_end": "01"}
    record = {dataset.begins[0]: served}
    if dataset.id_key and dataset.id_key.outer:
        inner = dict(zip(dataset.id_key.inner, ("4000", "HUB", ".H.INTERNAL_HUB"), strict=True))
        record["Location"] = {key: text for key, text in inner.items() if key}
    elif dataset.id_key:
        record |= {"ReserveZoneId": 7000, "ReserveZoneName": "ROS"}
    values = {"double": 16740.0, "integer": 1, "string": timestamp}
    return record | {column.field: values[column.type] for column in dataset.columns}


@pytest.mark.parametrize("name", DATASETS)
def test_a_key_that_nobody_knows_is_noted_wherever_it_is_and_hinders_nothing(name: str) -> None:
    dataset = DATASETS[name]
    record = full_record(dataset)
    nested: list[dict[str, Any]] = [record | {"InRecord": {"x": [1]}}]
    inner = dataset.begins[0] if len(dataset.begins) > 1 else "Location"
    if isinstance(record.get(inner), dict):
        nested.append(record | {inner: record[inner] | {"InObject": 1}})
    content: Any = nested
    for number, key in enumerate(reversed(dataset.wrapper)):
        content = {key: content, f"Beside{number}": [{"a": 1}], "@xmlns": "http://x"}
    found = read_table(dataset, json.dumps(content).encode())
    assert len(found) == len(nested)
    beside = {f"Beside{number}" for number in range(len(dataset.wrapper))}
    in_object = {"InObject"} if len(nested) > 1 else set()
    assert set(found.unknown_fields) == {"@xmlns", "InRecord"} | in_object | beside


@pytest.mark.parametrize(
    ("name", "key"),
    [("reserve_5min", "IntervalBeginDate"), ("reserve_hourly", "IntervalBeginDate")],
)
def test_a_key_that_is_known_and_of_no_use_is_not_noted(name: str, key: str) -> None:
    record = full_record(DATASETS[name]) | {key: "2025-07-01T00:00:00.000-04:00"}
    assert read_table(DATASETS[name], wrapped([record], DATASETS[name])).unknown_fields == ()


def test_the_day_that_day_ahead_services_say_they_are_of_is_not_noted() -> None:
    for name in ("reserve_da_hourly", "strike_da_hourly"):
        dataset = DATASETS[name]
        outer, inner, records = dataset.wrapper
        day = {"market_day": "2025-07-01T00:00:00.000-04:00", records: [full_record(dataset)]}
        found = read_table(dataset, json.dumps({outer: {inner: day}}).encode())
        assert (len(found), found.unknown_fields) == (1, ())


@pytest.mark.parametrize("name", DATASETS)
def test_groups_of_records_are_read_as_one_list(name: str) -> None:
    dataset = DATASETS[name]
    *outer, innermost = dataset.wrapper
    record = full_record(dataset)
    groups: Any = [{innermost: [record, record]}, {innermost: record}, {innermost: ""}]
    for key in reversed(outer):
        groups = [{key: groups}, {key: ""}, {key: None}, {key: []}]
    found = read_table(dataset, json.dumps(groups).encode())
    assert (len(found), found.unknown_fields) == (3, ())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"Error": {"Message": "no such day"}}, id="an error in place of the wrapper"),
        pytest.param({"HourlyLmps": {"HourlyLmp2": [RECORD]}}, id="records under another name"),
        pytest.param({"HourlyLmps": {"HourlyLmp": "", "New": [RECORD]}}, id="records beside it"),
    ],
)
def test_something_unknown_in_place_of_the_records_is_not_taken_for_no_data(body: Any) -> None:
    with pytest.raises(ResponseError, match="instead of records") as caught:
        read_table(LMP, json.dumps(body).encode())
    assert not isinstance(caught.value, NoDataError)


WHOLE = wrapped([RECORD, RECORD])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b'"LmpTotal"', b'"LmpTotal": 1, "LmpTotal"', id="a price"),
        pytest.param(b'"LmpTotal"', b'"\\u004cmpTotal": 1, "LmpTotal"', id="written otherwise"),
        pytest.param(b'"@LocId"', b'"@LocId": "4001", "@LocId"', id="an id"),
        pytest.param(b'"$"', b'"$": ".Z.MAINE", "$"', id="a name"),
        pytest.param(b'"BeginDate"', b'"BeginDate": "x", "BeginDate"', id="a timestamp"),
        pytest.param(b'"Location"', b'"Location": {"@LocId": "1"}, "Location"', id="a location"),
        pytest.param(b'{"HourlyLmp"', b'{"HourlyLmp": [], "HourlyLmp"', id="the list"),
        pytest.param(b'{"HourlyLmps"', b'{"HourlyLmps": "", "HourlyLmps"', id="the wrapper"),
    ],
)
def test_a_key_that_an_object_has_twice_is_rejected(before: bytes, after: bytes) -> None:
    assert before in WHOLE
    with pytest.raises(ResponseError, match="twice in one object"):
        read_table(LMP, WHOLE.replace(before, after, 1))


def test_a_key_that_may_lack_is_rejected_too_where_an_object_has_it_twice() -> None:
    dataset = DATASETS["reserve_5min"]
    record = full_record(dataset)
    lacking = {key: value for key, value in record.items() if key != "TmsrDesignatedMw"}
    body = wrapped([lacking, record], dataset)
    assert len(records_of(dataset, body)) == 2
    again = body.replace(b'"TmsrDesignatedMw"', b'"TmsrDesignatedMw": 1, "TmsrDesignatedMw"')
    with pytest.raises(ResponseError, match="TmsrDesignatedMw twice in one object"):
        read_table(dataset, again)


def test_ids_are_read_as_text_and_as_numbers() -> None:
    location = RECORD["Location"] | {"@LocId": 4000}
    (row,) = records_of(LMP, wrapped([RECORD | {"Location": location}]))
    assert row.place.id == 4000
    dataset = DATASETS["reserve_5min"]
    body = wrapped([full_record(dataset) | {"ReserveZoneId": "7000"}], dataset)
    assert records_of(dataset, body)[0].place.id == 7000


def test_names_of_new_fields_are_few_short_and_printable() -> None:
    strange = {f"\x1b[2J{number}" + "x" * 5000: 1 for number in range(100)}
    found = read_table(LMP, wrapped([RECORD | strange]))
    assert len(found.unknown_fields) <= 20
    assert all(name.isprintable() and len(name) < 200 for name in found.unknown_fields)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"HourlyLmps":{"HourlyLmp":[{"BeginDate":"\xff"}]}}', id="no UTF-8"),
        pytest.param(b'{"HourlyLmps":"\xed\xa0\x80"}', id="half a surrogate pair"),
        pytest.param(b'{"HourlyLmps":"sign in first"}', id="a text"),
        pytest.param(wrapped([RECORD]) + b"x", id="more after the end"),
        pytest.param(wrapped([RECORD])[:-3], id="cut off"),
        pytest.param(b"[" * 100_000, id="nested too deeply"),
        pytest.param(b'{"a":' * 100_000, id="unknown and nested too deeply"),
        pytest.param(wrapped([RECORD]).replace(b"28.3", b"1e999"), id="infinite"),
        pytest.param(wrapped([RECORD]).replace(b"28.3", b"NaN"), id="no number"),
        pytest.param(b"<html></html>", id="HTML"),
        pytest.param(b"", id="nothing at all"),
        pytest.param("{}".encode("utf-16"), id="UTF-16"),
    ],
)
def test_what_is_no_such_response_is_rejected_in_one_short_sentence(body: bytes) -> None:
    with pytest.raises(ResponseError) as caught:
        read_table(LMP, body)
    assert not isinstance(caught.value, NoDataError)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@settings(max_examples=200)
@given(st.sampled_from(sorted(DATASETS)), st.binary(max_size=200) | json_values.map(json.dumps))
def test_any_bytes_at_all_are_read_or_rejected(name: str, body: bytes | str) -> None:
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    try:
        read_table(DATASETS[name], content)
    except ResponseError as error:
        assert str(error).isprintable()


@settings(max_examples=200)
@given(st.sampled_from(sorted(DATASETS)), json_values)
def test_any_json_in_the_place_of_the_records_is_read_or_rejected(name: str, value: Any) -> None:
    try:
        read_table(DATASETS[name], wrapped(value, DATASETS[name]))
    except ResponseError as error:
        assert str(error).isprintable()


@given(st.binary(max_size=300))
def test_any_bytes_are_unpacked_or_rejected(content: bytes) -> None:
    packed = compress(content)
    assert gzipped.inflate(packed) == content
    for damaged in (content, packed[:-1], packed + b"x", packed[:5] + packed[6:]):
        try:
            assert gzipped.inflate(damaged) == content
        except ResponseError:
            continue


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(0, 40))
def test_members_of_gzip_are_one_body_and_zeros_may_follow(pieces: list[bytes], zeros: int) -> None:
    packed = b"".join(map(compress, pieces))
    content = b"".join(pieces)
    assert gzipped.inflate(packed + bytes(zeros)) == content
    for size in (0, 1, 7, 5000):
        assert gzipped.inflate_head(packed, size) == content[:size]
    for damaged in (packed[:-1], packed + b"more", packed + bytes(3) + b"more"):
        with pytest.raises(ResponseError):
            gzipped.inflate(damaged)


def test_members_of_gzip_are_few_and_small_together() -> None:
    with pytest.raises(ResponseError, match="more than 1000 members"):
        gzipped.inflate(compress(b"x") * 1001)
    half = compress(b" " * (gzipped.LARGEST_RESPONSE // 2 + 1))
    with pytest.raises(ResponseError, match="larger than 64 MB unpacked"):
        gzipped.inflate(half + half)


def test_a_stream_that_unpacks_beyond_all_measure_is_rejected_unread() -> None:
    with pytest.raises(ResponseError, match="larger than 64 MB unpacked"):
        gzipped.inflate(compress(b" " * (gzipped.LARGEST_RESPONSE + 1)))
