"""The stand-in speaks HTTP as the service does: gzip, keep-alive, login, limits, a log."""

import datetime as dt
import gzip
import http.client
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from isone.errors import UsageError
from isone.sandbox import Sandbox

DAY = "hourlylmp/da/final/day/20240105"
GZIP = {"Accept-Encoding": "gzip"}


def raw(sandbox: Sandbox, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    """Ask without a library that unpacks or follows by itself."""
    host, port = sandbox.url.split("/")[2].split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", f"/api/v1.1/{path}", headers=names)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_a_response_is_gzipped_when_that_is_asked_for_and_plain_otherwise(sandbox: Sandbox) -> None:
    plain, text = raw(sandbox, DAY, Accept_Encoding="identity")
    packed, data = raw(sandbox, DAY, Accept_Encoding="deflate, gzip;q=1.0")
    assert plain.getheader("Content-Encoding") is None
    assert packed.getheader("Content-Encoding") == "gzip"
    assert plain.getheader("Content-Type") == packed.getheader("Content-Type") == "application/json"
    assert int(plain.getheader("Content-Length", "")) == len(text)
    assert int(packed.getheader("Content-Length", "")) == len(data) < len(text) / 5
    assert gzip.decompress(data) == text


def test_gzip_that_is_rejected_is_not_used(sandbox: Sandbox) -> None:
    response, _ = raw(sandbox, DAY, Accept_Encoding="gzip;q=0")
    assert response.getheader("Content-Encoding") is None


def test_the_same_request_gives_the_same_gzip_bytes_without_a_time_in_them(
    sandbox: Sandbox,
) -> None:
    _, first = raw(sandbox, DAY, Accept_Encoding="gzip")
    _, second = raw(sandbox, DAY, Accept_Encoding="gzip")
    assert first == second
    assert first[4:8] == bytes(4)


def test_one_connection_serves_many_requests(sandbox: Sandbox) -> None:
    host, port = sandbox.url.split("/")[2].split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    try:
        connection.connect()
        opened = connection.sock
        for path in (DAY, "nothing/here", f"{DAY}/location/4000", "locations"):
            connection.request("GET", f"/api/v1.1/{path}")
            connection.getresponse().read()
            assert connection.sock is opened
    finally:
        connection.close()


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html, application/json;q=0.5"])
def test_json_comes_to_those_who_take_it(sandbox: Sandbox, accept: str) -> None:
    response, body = raw(sandbox, DAY, Accept=accept)
    assert response.status == 200
    assert json.loads(body)


@pytest.mark.parametrize("accept", ["application/xml", "text/html"])
def test_xml_is_not_offered_but_the_suffix_brings_json_whatever_is_accepted(
    sandbox: Sandbox, accept: str
) -> None:
    assert raw(sandbox, DAY, Accept=accept)[0].status == 406
    response, body = raw(sandbox, f"{DAY}.json", Accept=accept)
    assert response.status == 200
    assert json.loads(body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "BREW"])
def test_only_get_is_allowed(sandbox: Sandbox, method: str) -> None:
    response = requests.request(method, f"{sandbox.url}/{DAY}", data=b"x" * 1000, timeout=60)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"


def test_no_login_is_asked_for_unless_there_is_one(sandbox: Sandbox) -> None:
    assert raw(sandbox, DAY, Authorization="Basic bm9ib2R5Om5vdGhpbmc=")[0].status == 200


def test_a_login_is_needed_where_one_is_set() -> None:
    with Sandbox(nodes=0, username="someone", password="sécret") as sandbox:  # noqa: S106 - synthetic
        url = f"{sandbox.url}/{DAY}"
        right = (b"someone", "sécret".encode())
        assert requests.get(url, auth=right, timeout=60).status_code == 200
        for auth in (None, ("someone", "wrong"), ("other", "sécret".encode())):
            response = requests.get(url, auth=auth, timeout=60)  # type: ignore[arg-type]
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
            assert response.headers["Content-Type"].startswith("text/html")
            assert "<html>" in response.text
        for header in ("Basic", "Basic ???", "Bearer abc", "Basic \xff"):
            response = requests.get(url, headers={"Authorization": header}, timeout=60)
            assert response.status_code == 401


def test_over_the_rate_limit_the_answer_is_429_with_retry_after() -> None:
    with Sandbox(nodes=0, rate_limit=3, retry_after=7) as sandbox:
        responses = [requests.get(f"{sandbox.url}/{DAY}", timeout=60) for _ in range(5)]
    assert [response.status_code for response in responses] == [200, 200, 200, 429, 429]
    assert responses[-1].headers["Retry-After"] == "7"


def test_without_retry_after_none_is_named() -> None:
    with Sandbox(nodes=0, rate_limit=1) as sandbox:
        requests.get(f"{sandbox.url}/{DAY}", timeout=60)
        response = requests.get(f"{sandbox.url}/{DAY}", timeout=60)
    assert response.status_code == 429
    assert "Retry-After" not in response.headers


def test_latency_is_waited_before_each_answer() -> None:
    with Sandbox(nodes=0, latency=0.1) as sandbox:
        started = time.monotonic()
        requests.get(f"{sandbox.url}/locations", timeout=60)
        assert 0.1 <= time.monotonic() - started < 10


def test_clients_are_served_side_by_side() -> None:
    with Sandbox(nodes=0, latency=2) as sandbox:
        threads = [
            threading.Thread(target=requests.get, args=(f"{sandbox.url}/locations",))
            for _ in range(8)
        ]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - started < 12  # one after the other: 16
        assert len(sandbox.requests) == 8


def test_the_log_keeps_each_request_and_no_credentials(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with Sandbox(
        nodes=0,
        username="someone",
        password="canary",  # noqa: S106 - synthetic
        faults=["server-errorx1"],
        requests_log=log,
    ) as sandbox:
        url = f"{sandbox.url}/{DAY}"
        requests.get(url, auth=("someone", "canary"), timeout=60)
        requests.get(url, auth=("someone", "canary"), timeout=60)
        requests.post(url, timeout=60)
        entries: list[dict[str, Any]] = list(map(json.loads, log.read_text().splitlines()))
        kept = sandbox.requests
    assert [(e["method"], e["status"], e["fault"]) for e in entries] == [
        ("GET", 500, "server-error"),
        ("GET", 200, None),
        ("POST", 405, None),
    ]
    assert {entry["path"] for entry in entries} == {f"/api/v1.1/{DAY}"}
    assert [dt.datetime.fromisoformat(entry["when"]).tzinfo for entry in entries] == [dt.UTC] * 3
    assert [(r.method, r.status, r.fault, r.when) for r in kept] == [
        (e["method"], e["status"], e["fault"], e["when"]) for e in entries
    ]
    assert "canary" not in log.read_text()


def test_a_request_is_in_the_log_by_the_time_its_response_has_come() -> None:
    with Sandbox(nodes=0) as sandbox:
        for number in range(1, 20):
            requests.get(f"{sandbox.url}/locations", timeout=60)
            assert len(sandbox.requests) == number


def test_stopping_ends_open_connections_and_faults_that_hold_on() -> None:
    started, threads = time.monotonic(), threading.active_count()
    with Sandbox(nodes=0, faults=["silence"], hold=60) as sandbox:
        port = int(sandbox.url.split(":")[2].split("/")[0])
        idle = socket.create_connection(("127.0.0.1", port))
        held = socket.create_connection(("127.0.0.1", port))
        held.sendall(b"GET /api/v1.1/locations HTTP/1.1\r\nHost: here\r\n\r\n")
        while not sandbox.requests:
            time.sleep(0.005)
    assert time.monotonic() - started < 30  # it holds for 60
    with idle, held:
        assert idle.recv(1) == b""
        assert held.recv(1) == b""
    assert threading.active_count() <= threads


def test_a_stopped_sandbox_frees_its_port() -> None:
    with Sandbox(nodes=0) as first:
        port = int(first.url.split(":")[2].split("/")[0])
        requests.get(f"{first.url}/locations", timeout=60)
    with Sandbox(nodes=0, port=port) as second:
        assert requests.get(f"{second.url}/locations", timeout=60).status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00" * 99,
        b"",
    ],
)
def test_what_is_not_http_harms_nothing(sandbox: Sandbox, data: bytes) -> None:
    port = int(sandbox.url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    assert raw(sandbox, "locations")[0].status == 200


@pytest.mark.parametrize(
    "options",
    [
        {"nodes": -1},
        {"nodes": 1_000_000},
        {"port": 70000},
        {"host": "0.0.0.0"},  # noqa: S104 - it is rejected
        {"host": "192.168.1.1"},
        {"host": "example.org"},
        {"latency": -1.0},
        {"latency": float("nan")},
        {"latency": float("inf")},
        {"hold": -1.0},
        {"rate_limit": 0},
        {"retry_after": -1},
        {"fault_rate": 1.5},
        {"username": "alone"},
        {"replay": "/does/not/exist"},
        {"replay_only": True},
    ],
    ids=str,
)
def test_an_option_that_cannot_be_is_rejected_in_one_sentence(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refusal:
        Sandbox(**options)
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


def test_a_port_in_use_is_rejected(sandbox: Sandbox) -> None:
    port = int(sandbox.url.split(":")[2].split("/")[0])
    with pytest.raises(UsageError, match=str(port)), Sandbox(port=port):
        pass


def test_full_scale_is_1200_locations() -> None:
    with Sandbox(nodes=1184) as sandbox:
        response = requests.get(f"{sandbox.url}/{DAY}", timeout=60)
    assert len(response.json()["HourlyLmps"]["HourlyLmp"]) == 1200 * 24
