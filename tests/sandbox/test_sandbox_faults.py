"""Each fault does what its line says, to the requests that were meant."""

import datetime as dt
import json
import re
import socket
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from isone.errors import UsageError
from isone.market import market_time
from isone.sandbox import FAULTS, Sandbox
from isone.sandbox.plan import read_order

DAY = "hourlylmp/da/final/day/20240105"
PLACE = "fiveminutelmp/final/day/20240105/location/4000"
ZONES = "fiveminutereserveprice/final/day/20240105"
TODAY = dt.date(2026, 6, 15)

Records = list[dict[str, Any]]


@pytest.fixture(scope="module")
def faulty() -> Iterator[Sandbox]:
    with Sandbox(nodes=2, today=TODAY, hold=0.3, retry_after=3) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_wrong(faulty: Sandbox) -> None:
    faulty.faults.clear()


def ask(sandbox: Sandbox, path: str, timeout: float = 60.0) -> requests.Response:
    return requests.get(
        f"{sandbox.url}/{path}",
        headers={"Accept": "application/json"},
        timeout=timeout,
        allow_redirects=False,
    )


def records(response: requests.Response) -> Records:
    content = response.json()
    while isinstance(content, dict):
        content.pop("market_day", None)
        (content,) = content.values()
    assert isinstance(content, list)
    return content


def with_fault(sandbox: Sandbox, name: str, path: str) -> requests.Response:
    sandbox.faults.add(f"{name}x1")
    return ask(sandbox, path)


def right_and_wrong(sandbox: Sandbox, name: str, path: str) -> tuple[Records, Records]:
    """The records as they should be and as the fault makes them."""
    return records(ask(sandbox, path)), records(with_fault(sandbox, name, path))


def changed(right: Records, wrong: Records) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(a, b) for a, b in zip(right, wrong, strict=True) if a != b]


# one check for each fault, by its name


def status(code: int, header: str | None = None) -> Callable[[Sandbox], None]:
    def check(sandbox: Sandbox) -> None:
        name = next(name for name, made in CHECKS.items() if made is check)
        response = with_fault(sandbox, name, DAY)
        assert response.status_code == code
        assert response.headers["Content-Type"].startswith("text/html")
        if header is not None:
            assert header in response.headers

    return check


def broken_transport(*errors: type[Exception]) -> Callable[[Sandbox], None]:
    def check(sandbox: Sandbox) -> None:
        name = next(name for name, made in CHECKS.items() if made is check)
        with pytest.raises(errors):
            with_fault(sandbox, name, PLACE)

    return check


def check_date(sandbox: Sandbox) -> None:
    response = with_fault(sandbox, "too-many-requests-date", DAY)
    assert response.status_code == 429
    until = parsedate_to_datetime(response.headers["Retry-After"])
    assert 0 < (until - dt.datetime.now(dt.UTC)).total_seconds() <= 3


def check_empty(sandbox: Sandbox) -> None:
    response = with_fault(sandbox, "empty", DAY)
    assert (response.status_code, response.json()) == (200, {"HourlyLmps": ""})


def check_login_redirect(sandbox: Sandbox) -> None:
    response = with_fault(sandbox, "login-redirect", DAY)
    assert (response.status_code, response.headers["Location"]) == (302, "/login")
    page = requests.get(sandbox.url.replace("/api/v1.1", "/login"), timeout=60)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")


def check_html(sandbox: Sandbox) -> None:
    response = with_fault(sandbox, "html", DAY)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert "<html>" in response.text


def check_error_object(sandbox: Sandbox) -> None:
    response = with_fault(sandbox, "error-object", DAY)
    assert response.status_code == 200
    assert list(response.json()) == ["Error"]


def check_byte_order_mark(sandbox: Sandbox) -> None:
    right = ask(sandbox, DAY).content
    assert with_fault(sandbox, "byte-order-mark", DAY).content == b"\xef\xbb\xbf" + right


def check_wrong_type(sandbox: Sandbox) -> None:
    right = ask(sandbox, DAY).content
    response = with_fault(sandbox, "wrong-type", DAY)
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.content == right


def raw(sandbox: Sandbox, name: str, path: str) -> tuple[int, bytes]:
    """The promised length and the body's bytes as they were sent."""
    sandbox.faults.add(f"{name}x1")
    with requests.get(f"{sandbox.url}/{path}", stream=True, timeout=60) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        return int(response.headers["Content-Length"]), response.raw.read(decode_content=False)


def check_cut_gzip(sandbox: Sandbox) -> None:
    length, body = raw(sandbox, "cut-gzip", PLACE)
    assert length == len(body)
    unpacker = zlib.decompressobj(wbits=31)
    unpacker.decompress(body)
    assert not unpacker.eof


def check_damaged_gzip(sandbox: Sandbox) -> None:
    length, body = raw(sandbox, "damaged-gzip", PLACE)
    assert length == len(body)
    with pytest.raises(zlib.error):
        zlib.decompress(body, wbits=31)


def check_long_body(sandbox: Sandbox) -> None:
    length, body = raw(sandbox, "long-body", PLACE)
    assert length == len(body)
    unpacker = zlib.decompressobj(wbits=31)
    unpacker.decompress(body)
    assert not unpacker.eof


def check_huge_body(sandbox: Sandbox) -> None:
    right = ask(sandbox, PLACE)
    wrong = with_fault(sandbox, "huge-body", PLACE)
    assert len(wrong.content) == 100 * len(right.content)
    assert wrong.json() == right.json()


def check_gzip_bomb(sandbox: Sandbox) -> None:
    _, body = raw(sandbox, "gzip-bomb", PLACE)
    assert len(body) < 2_000_000
    unpacked = 0
    unpacker = zlib.decompressobj(wbits=31)
    while not unpacker.eof:
        unpacked += len(unpacker.decompress(body, 10_000_000))
        body = unpacker.unconsumed_tail
    assert unpacked == 200_000_000


def check_drip(sandbox: Sandbox) -> None:
    started = time.monotonic()
    sandbox.faults.add("dripx1")
    with pytest.raises(requests.Timeout):
        ask(sandbox, "locations", timeout=0.4)
    assert time.monotonic() - started < 30  # and not the hours that it drips


def check_slow(sandbox: Sandbox) -> None:
    started = time.monotonic()
    right = ask(sandbox, "daasreservedata/day/20250715")
    wrong = with_fault(sandbox, "slow", "daasreservedata/day/20250715")
    assert wrong.content == right.content
    assert time.monotonic() - started > 0.1


def check_hang_up(sandbox: Sandbox) -> None:
    right = ask(sandbox, PLACE).content
    host, port = sandbox.url.split("/")[2].split(":")
    sandbox.faults.add("hang-upx1")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(f"GET /api/v1.1/{PLACE}.json HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert body == right
    assert b"connection:" not in head.lower()


def shifted_by(seconds: int) -> Callable[[Sandbox], None]:
    def check(sandbox: Sandbox) -> None:
        name = next(name for name, made in CHECKS.items() if made is check)
        right, wrong = right_and_wrong(sandbox, name, DAY)
        for a, b in zip(right, wrong, strict=True):
            moved = market_time.parse_timestamp(b["BeginDate"]) - market_time.parse_timestamp(
                a["BeginDate"]
            )
            assert moved == seconds

    return check


def check_missing_interval(sandbox: Sandbox) -> None:
    right, wrong = right_and_wrong(sandbox, "missing-interval", DAY)
    places = len({row["Location"]["@LocId"] for row in right})
    assert len(right) - len(wrong) == places
    assert len({row["BeginDate"] for row in wrong}) == 23


def check_missing_place(sandbox: Sandbox) -> None:
    right, wrong = right_and_wrong(sandbox, "missing-place", DAY)
    assert len(right) - len(wrong) == 24
    assert "4000" not in {row["Location"]["@LocId"] for row in wrong}


def doubled(wrong: Records) -> Records:
    keys = Counter((row["BeginDate"], row["Location"]["@LocId"]) for row in wrong)
    (twice,) = [key for key, count in keys.items() if count == 2]
    return [row for row in wrong if (row["BeginDate"], row["Location"]["@LocId"]) == twice]


def check_doubled_row(sandbox: Sandbox) -> None:
    right, wrong = right_and_wrong(sandbox, "doubled-row", DAY)
    assert len(wrong) == len(right) + 1
    first, second = doubled(wrong)
    assert first == second


def check_disagreeing_row(sandbox: Sandbox) -> None:
    right, wrong = right_and_wrong(sandbox, "disagreeing-row", DAY)
    assert len(wrong) == len(right) + 1
    first, second = doubled(wrong)
    assert round(second["LmpTotal"] - first["LmpTotal"], 2) == 1.07
    assert adds_up(first)
    assert adds_up(second)


def adds_up(row: dict[str, Any]) -> bool:
    requests = row["EnergyComponent"] + row["CongestionComponent"] + row["LossComponent"]
    return bool(abs(row["LmpTotal"] - requests) < 0.001)


def one_price(value: object) -> Callable[[Sandbox], None]:
    def check(sandbox: Sandbox) -> None:
        name = next(name for name, made in CHECKS.items() if made is check)
        ((before, after),) = changed(*right_and_wrong(sandbox, name, ZONES))
        fields = [field for field in before if before[field] != after[field]]
        assert fields == ["TmsrClearingPrice"]
        assert after["TmsrClearingPrice"] == value

    return check


def check_sum_off(sandbox: Sandbox) -> None:
    ((before, after),) = changed(*right_and_wrong(sandbox, "sum-off", PLACE))
    assert adds_up(before)
    assert not adds_up(after)


def check_new_field(sandbox: Sandbox) -> None:
    right, wrong = right_and_wrong(sandbox, "new-field", PLACE)
    assert wrong == [row | {"SandboxExtra": 1.5} for row in right]


def check_missing_field(sandbox: Sandbox) -> None:
    _, wrong = right_and_wrong(sandbox, "missing-field", PLACE)
    assert all("LmpTotal" not in row and "EnergyComponent" in row for row in wrong)


def check_renamed_field(sandbox: Sandbox) -> None:
    right, wrong = right_and_wrong(sandbox, "renamed-field", PLACE)
    assert [r["LmpTotalRenamed"] for r in wrong] == [r["LmpTotal"] for r in right]
    assert all("LmpTotal" not in row for row in wrong)


def check_wrong_place(sandbox: Sandbox) -> None:
    _, wrong = right_and_wrong(sandbox, "wrong-place", PLACE)
    assert {row["Location"]["@LocId"] for row in wrong} == {"4001"}
    _, wrong = right_and_wrong(sandbox, "wrong-place", DAY)
    ids = {row["Location"]["@LocId"] for row in wrong}
    assert "4000" not in ids
    _, wrong = right_and_wrong(sandbox, "wrong-place", ZONES)
    assert {row["ReserveZoneId"] for row in wrong} & {7000, 7001, 7002, 7003} == {7001, 7002, 7003}


def check_timestamp_off(sandbox: Sandbox) -> None:
    right, wrong = right_and_wrong(sandbox, "timestamp-off", PLACE)
    off = Counter(
        market_time.parse_timestamp(b["BeginDate"]) - market_time.parse_timestamp(a["BeginDate"])
        for a, b in zip(right, wrong, strict=True)
    )
    assert set(off) == {0, 1, 2}
    snapped = [market_time.snap(market_time.parse_timestamp(row["BeginDate"]), 5) for row in wrong]
    assert snapped == list(market_time.interval_starts(dt.date(2024, 1, 5), 5))


def check_nameless_place(sandbox: Sandbox) -> None:
    pairs = changed(*right_and_wrong(sandbox, "nameless-place", DAY))
    assert len(pairs) == 24
    for before, after in pairs:
        assert before["Location"]["@LocId"] == "10002"
        assert after == before | {"Location": {"@LocId": "10002"}}


def check_grouped(sandbox: Sandbox) -> None:
    path = "daasstrikeprices/day/20250715"
    right, wrong = ask(sandbox, path).json(), with_fault(sandbox, "grouped", path).json()
    right["isone_web_services"]["day_ahead_strike_prices"] = [
        right["isone_web_services"]["day_ahead_strike_prices"]
    ]
    assert wrong == right


CHECKS: dict[str, Callable[[Sandbox], None]] = {
    "too-many-requests": status(429, "Retry-After"),
    "too-many-requests-date": check_date,
    "server-error": status(500),
    "bad-gateway": status(502),
    "unavailable": status(503, "Retry-After"),
    "gateway-timeout": status(504),
    "unauthorized": status(401, "WWW-Authenticate"),
    "forbidden": status(403),
    "not-found": status(404),
    "empty": check_empty,
    "login-redirect": check_login_redirect,
    "html": check_html,
    "error-object": check_error_object,
    "byte-order-mark": check_byte_order_mark,
    "wrong-type": check_wrong_type,
    "reset-early": broken_transport(requests.ConnectionError),
    "reset": broken_transport(requests.ConnectionError, requests.exceptions.ChunkedEncodingError),
    "cut-body": broken_transport(
        requests.ConnectionError, requests.exceptions.ChunkedEncodingError
    ),
    "long-body": check_long_body,
    "cut-chunks": broken_transport(requests.exceptions.ChunkedEncodingError),
    "cut-gzip": check_cut_gzip,
    "huge-body": check_huge_body,
    "gzip-bomb": check_gzip_bomb,
    "damaged-gzip": check_damaged_gzip,
    "silence": broken_transport(requests.ConnectionError),
    "stall": broken_transport(requests.ConnectionError, requests.exceptions.ChunkedEncodingError),
    "drip": check_drip,
    "slow": check_slow,
    "hang-up": check_hang_up,
    "wrong-day": shifted_by(-7 * 86400),
    "shifted-hour": shifted_by(3600),
    "missing-interval": check_missing_interval,
    "missing-place": check_missing_place,
    "doubled-row": check_doubled_row,
    "disagreeing-row": check_disagreeing_row,
    "null-price": one_price(None),
    "text-price": one_price("N/A"),
    "thousands": one_price("1,234.56"),
    "sum-off": check_sum_off,
    "new-field": check_new_field,
    "missing-field": check_missing_field,
    "renamed-field": check_renamed_field,
    "wrong-place": check_wrong_place,
    "nameless-place": check_nameless_place,
    "grouped": check_grouped,
    "timestamp-off": check_timestamp_off,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_does_what_its_line_says(faulty: Sandbox, name: str) -> None:
    CHECKS[name](faulty)


def test_every_fault_of_the_list_is_tested_here() -> None:
    assert list(CHECKS) == list(FAULTS)


@pytest.mark.parametrize("name", ["reset-early", "silence"])
def test_a_fault_that_shows_no_status_is_logged_without_one(faulty: Sandbox, name: str) -> None:
    with pytest.raises(requests.ConnectionError):
        with_fault(faulty, name, PLACE)
    last = faulty.requests[-1]
    assert (last.status, last.fault) == (None, name)


def test_after_a_fault_the_same_request_brings_the_right_response(faulty: Sandbox) -> None:
    right = ask(faulty, PLACE).content
    for name in ("server-error", "null-price", "empty", "html"):
        assert with_fault(faulty, name, PLACE).content != right
        assert ask(faulty, PLACE).content == right


def test_a_count_is_used_up_by_the_first_requests_that_match(faulty: Sandbox) -> None:
    faulty.faults.add("server-error:*/day/20240105*x2")
    codes = [ask(faulty, DAY.replace("05", day)).status_code for day in ("04", "05", "05", "05")]
    assert codes == [200, 500, 500, 200]


def test_without_a_count_a_fault_lasts_until_it_is_cleared(faulty: Sandbox) -> None:
    faulty.faults.add("unavailable:hourlylmp/*")
    assert {ask(faulty, DAY).status_code for _ in range(5)} == {503}
    assert ask(faulty, PLACE).status_code == 200
    faulty.faults.clear()
    assert ask(faulty, DAY).status_code == 200


def test_faults_follow_one_another_in_the_order_they_were_named() -> None:
    orders = ["server-errorx1", "not-foundx1", "forbiddenx1"]
    with Sandbox(nodes=0, today=TODAY, faults=orders) as sandbox:
        codes = [ask(sandbox, DAY).status_code for _ in range(4)]
        logged = [request.fault for request in sandbox.requests]
    assert codes == [500, 404, 403, 200]
    assert logged == ["server-error", "not-found", "forbidden", None]


def test_a_fault_on_records_waits_for_a_response_that_has_some(faulty: Sandbox) -> None:
    faulty.faults.add("null-pricex1")
    assert ask(faulty, "locations").status_code == 200
    assert ask(faulty, "hourlylmp/da/final/day/20300101").json() == {"HourlyLmps": ""}
    assert faulty.requests[-1].fault is None
    ask(faulty, DAY)
    assert faulty.requests[-1].fault == "null-price"


@pytest.mark.parametrize("name", ["sum-off", "wrong-place", "missing-place", "timestamp-off"])
def test_a_fault_spares_the_records_it_cannot_be_done_to(faulty: Sandbox, name: str) -> None:
    faulty.faults.add(name)
    ask(faulty, "hourlyrcp/final/day/20240105")
    assert faulty.requests[-1].fault is None


@pytest.mark.parametrize("path", ["daasreservedata/day/20250715", "hourlyrcp/final/day/20100105"])
@pytest.mark.parametrize(
    "name",
    ["wrong-day", "missing-interval", "doubled-row", "disagreeing-row", "null-price", "new-field"],
)
def test_faults_on_records_reach_every_shape_of_record(
    faulty: Sandbox, name: str, path: str
) -> None:
    right, wrong = right_and_wrong(faulty, name, path)
    assert right != wrong


def test_a_rate_makes_that_share_of_the_requests_fail_the_same_ones_each_time() -> None:
    def codes() -> list[int]:
        with (
            Sandbox(nodes=0, faults=["server-error", "unavailable"], fault_rate=0.2, seed=3) as s,
            requests.Session() as session,
        ):
            paths = [f"hourlyrcp/final/day/202401{day:02d}" for day in range(1, 32)] * 8
            return [session.get(f"{s.url}/{path}", timeout=60).status_code for path in paths]

    first = codes()
    assert first == codes()
    assert set(first) == {200, 500, 503}
    assert 0.12 < sum(1 for code in first if code != 200) / len(first) < 0.28


def test_a_redirect_can_lead_to_another_host() -> None:
    elsewhere = "http://localhost:1/sign-in"
    with Sandbox(nodes=0, redirect_to=elsewhere, faults=["login-redirectx1"]) as sandbox:
        assert ask(sandbox, DAY).headers["Location"] == elsewhere


def test_a_login_that_is_missing_uses_up_no_fault() -> None:
    orders = ["server-errorx1"]
    with Sandbox(nodes=0, username="u", password="p", faults=orders) as sandbox:  # noqa: S106 - synthetic
        assert ask(sandbox, DAY).status_code == 401
        asked = requests.get(f"{sandbox.url}/{DAY}", auth=("u", "p"), timeout=60)
        assert asked.status_code == 500


@pytest.mark.parametrize(
    ("text", "name", "glob", "count"),
    [
        ("empty", "empty", None, None),
        ("emptyx3", "empty", None, 3),
        ("empty:*/day/2024*", "empty", "*/day/2024*", None),
        ("server-error:*/day/20240105*x2", "server-error", "*/day/20240105*", 2),
        ("html:*/index", "html", "*/index", None),
    ],
)
def test_an_order_is_read_as_name_glob_and_count(
    text: str, name: str, glob: str | None, count: int | None
) -> None:
    order = read_order(text)
    assert (order.fault.name, order.glob, order.count) == (name, glob, count)


@pytest.mark.parametrize("text", ["", "nonsense", "empty:", "emptyx0", "EMPTY", "empty x2"])
def test_an_order_that_cannot_be_is_rejected(text: str) -> None:
    with pytest.raises(UsageError):
        Sandbox(faults=[text])


def test_a_faulty_response_is_still_json_with_the_length_it_promises(faulty: Sandbox) -> None:
    response = with_fault(faulty, "doubled-row", DAY)
    assert json.loads(response.content)
    assert response.headers["Content-Encoding"] == "gzip"


def test_a_fault_that_there_is_not_is_rejected_with_the_command_that_names_all() -> None:
    sentence = "no fault named 'nonsense'; `python -m isone.sandbox --list-faults` names all"
    with pytest.raises(UsageError, match=re.escape(sentence)):
        Sandbox(faults=["nonsense:*"])
