"""Outside bytes: whatever comes, it is read right or refused with an error of this package."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isone import parse
from isone.datasets import DATASETS, Dataset
from isone.errors import NoDataError, ReplyError
from isone.sandbox.message import compress

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
        parse.read_records(LMP, body)


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
    (row,) = parse.read_records(LMP, body).rows
    assert (row.place.id, row.lmp, row.congestion) == ("4000", 28.3, 0)


@pytest.mark.parametrize("field", sorted(RECORD))
@pytest.mark.parametrize(
    "value", [None, "", "1,234.5", True, [], {}, 10**400], ids=lambda v: repr(v)[:9]
)
def test_a_wrongly_typed_value_is_refused(field: str, value: Any) -> None:
    if field == "BeginDate" and isinstance(value, str):
        return  # a text it is; that it is no stamp is found when it is held against the day
    with pytest.raises(ReplyError, match="not what lmp_da_hourly looks like"):
        parse.read_records(LMP, wrapped([RECORD | {field: value}]))


@pytest.mark.parametrize("field", sorted(RECORD))
def test_a_missing_or_renamed_field_is_refused_by_name(field: str) -> None:
    rest = {key: value for key, value in RECORD.items() if key != field}
    for record in (rest, rest | {f"{field}New": RECORD[field]}):
        with pytest.raises(ReplyError, match=f"missing required field `{field}`"):
            parse.read_records(LMP, wrapped([record]))


def test_new_fields_are_named_and_the_rest_is_read() -> None:
    found = parse.read_records(LMP, wrapped([RECORD, RECORD | {"Extra": 1, "More": [2]}]))
    assert found.unknown_fields == ("Extra", "More")
    assert len(found.rows) == 2


def test_names_of_new_fields_are_few_short_and_printable() -> None:
    strange = {f"\x1b[2J{number}" + "x" * 5000: 1 for number in range(100)}
    found = parse.read_records(LMP, wrapped([RECORD | strange]))
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
def test_what_is_no_such_reply_is_refused_in_one_short_sentence(body: bytes) -> None:
    with pytest.raises(ReplyError) as caught:
        parse.read_records(LMP, body)
    assert not isinstance(caught.value, NoDataError)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@settings(max_examples=200)
@given(st.sampled_from(sorted(DATASETS)), st.binary(max_size=200) | json_values.map(json.dumps))
def test_any_bytes_at_all_are_read_or_refused(name: str, body: bytes | str) -> None:
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    try:
        parse.read_records(DATASETS[name], content)
    except ReplyError as error:
        assert str(error).isprintable()


@settings(max_examples=200)
@given(st.sampled_from(sorted(DATASETS)), json_values)
def test_any_json_in_the_place_of_the_records_is_read_or_refused(name: str, value: Any) -> None:
    try:
        parse.read_records(DATASETS[name], wrapped(value, DATASETS[name]))
    except ReplyError as error:
        assert str(error).isprintable()


@given(st.binary(max_size=300))
def test_any_bytes_are_unpacked_or_refused(content: bytes) -> None:
    packed = compress(content)
    assert parse.inflate(packed) == content
    for damaged in (content, packed[:-1], packed + b"\0", packed[:5] + packed[6:]):
        try:
            assert parse.inflate(damaged) == content
        except ReplyError:
            continue


def test_a_stream_that_unpacks_beyond_all_measure_is_refused_unread() -> None:
    with pytest.raises(ReplyError, match="larger than 64 MB unpacked"):
        parse.inflate(compress(b" " * (parse.LARGEST_REPLY + 1)))
