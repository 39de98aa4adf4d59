"""A shape says what a response is made of, and holds no value."""

import datetime as dt
import re
from pathlib import Path

import pytest

from isone.audit.doctor import plans, shapes
from isone.market import market_time

NOW = dt.datetime(2026, 6, 15, 12, 20, tzinfo=market_time.MARKET_ZONE)


@pytest.mark.parametrize(
    "name",
    [
        *("BeginDate", "@LocId", "$", "Total10MinRequirement", "percentile_10_rt_hub_lmp"),
        *("Ten-Minute Spinning Reserve Clearing Price", "Content-Type", "expected_rt_hub_lmp"),
    ],
)
def test_a_name_is_kept(name: str) -> None:
    assert shapes.key(name) == name


@pytest.mark.parametrize(
    "name", ["41.27", "-3", "", "LMP 41.27", "a1,5", "x" * 61, "price\n", "id 1234567", "né"]
)
def test_what_may_be_a_value_is_no_key(name: str) -> None:
    assert shapes.key(name) == shapes.OTHER


def test_json_is_counted_by_keys_and_types() -> None:
    body = b'{"A":{"B":[{"c":1,"d":"2026-01-01T00:00:00.000-05:00"},{"c":1.5,"d":null,"e":""}]}}'
    inner = shapes.of_body(body)["content"]["keys"]["A"]["keys"]["B"]
    assert inner["lengths"] == {2: 1}
    assert inner["items"] == {
        "types": {"object": 2},
        "keys": {
            "c": {"types": {"whole number": 1, "number": 1}},
            "d": {"types": {"text: timestamp with offset": 1, "null": 1}},
            "e": {"types": {"text: empty": 1}},
        },
    }


def test_public_csv_is_counted_by_lines_and_columns() -> None:
    body = b'"C","x"\r\n"H","Date","LMP"\r\n"H","String","Number"\r\n'
    body += b'"D","01/02/2026",41.27\r\n"D","01/02/2026",""\r\n"T","3 lines"\r\n'
    assert shapes.of_body(body) == {
        "form": "public CSV",
        "lines": {"C": 1, "H": 2, "D": 2, "T": 1},
        "headings": ["Date", "LMP"],
        "columns": [{"date": 2}, {"number": 1, "empty": 1}],
        "values in a line": {2: 2},
        "ends with a trailer": True,
        "the trailer's number less the lines of data": 1,
    }


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"<html>41.27</html>", b'"D",41.27', b"41.27 x"]
)
def test_any_body_has_a_shape_without_its_values(body: bytes) -> None:
    assert "41.27" not in str(shapes.of_body(body))


def test_nesting_has_an_end() -> None:
    assert shapes.of_body(b"[" * 900 + b"]" * 900)
    assert shapes.of_body(b"[" * 99999)["form"] == shapes.OTHER


def test_headers_keep_their_names_and_few_of_their_values() -> None:
    found = shapes.of_headers(
        {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Encoding": "gzip",
            "Set-Cookie": "isox_token=secret",
            "Server": "secret 41.27",
            "WWW-Authenticate": 'Basic realm="secret"',
            "X-Amz-Cf-Id": "secret",
            "Retry-After": "30",
        }
    )
    assert found == {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Encoding": "gzip",
        "Set-Cookie": "",
        "Server": shapes.OTHER,
        "WWW-Authenticate": "Basic",
        "X-Amz-Cf-Id": "",
        "Retry-After": "30",
    }


@pytest.mark.parametrize(
    "sentence",
    [
        "components do not add up for 2026-01-05 03:00 EST at location 4001: 41.27 + 0 is not 41",
        "the response has 'secret' for a location id",
        'the report has a line that begins with "secret"',
        "the response has -12 for a price",
    ],
)
def test_a_sentence_without_values_has_no_number_and_no_quotation(sentence: str) -> None:
    plain = shapes.without_values(sentence)
    assert not re.search(r"\d|secret", plain)
    assert plain[:10] == sentence[:10]


def test_every_address_of_the_web_services_is_in_their_own_list(examples_folder: Path) -> None:
    listed = (examples_folder.parent / "spec" / "paths.txt").read_text("utf-8")
    known = {re.sub(r"\{[^}]*\}", "*", line.split(" |")[0]) for line in listed.splitlines()}
    for probe in (*plans.infos(NOW), *plans.web_services(NOW, {})):
        path = re.sub(r"\b[0-9]+\b", "*", f"/{probe.path}")
        ways = {path, re.sub(r"/(final|prelim)/", "/*/", path)}
        assert ways & known, probe.path
