"""Recorded responses come first, byte for byte, and nothing outside their folder is ever read."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from isone.sandbox import Sandbox
from isone.sandbox.recordings import Recordings

BASE = "hourlylmp/da/final/day"
RECORDED = b'{"HourlyLmps":{"HourlyLmp":[]}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    day = tmp_path / "replay" / "api" / "v1.1" / BASE
    day.mkdir(parents=True)
    (day / "20170101.json").write_bytes(RECORDED)
    (day / "20170102.json.gz").write_bytes(gzip.compress(RECORDED, 9, mtime=0))
    (tmp_path / "secret.json").write_text('"outside"')
    (day / "20170103.json").symlink_to(tmp_path / "secret.json")
    return tmp_path / "replay"


@pytest.fixture
def replaying(folder: Path) -> Iterator[Sandbox]:
    with Sandbox(nodes=0, replay=folder) as running:
        yield running


def ask(sandbox: Sandbox, path: str, encoding: str = "gzip") -> tuple[requests.Response, bytes]:
    with requests.get(
        f"{sandbox.url}/{path}",
        headers={"Accept-Encoding": encoding, "Accept": "application/json"},
        stream=True,
        timeout=60,
    ) as response:
        return response, response.raw.read(decode_content=False)


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_a_recorded_response_is_served_as_it_is(replaying: Sandbox, suffix: str) -> None:
    response, body = ask(replaying, f"{BASE}/20170101{suffix}", "identity")
    assert (response.status_code, body) == (200, RECORDED)
    assert response.headers["Content-Type"] == "application/json"


def test_recorded_gzip_bytes_are_passed_on_untouched(replaying: Sandbox, folder: Path) -> None:
    response, body = ask(replaying, f"{BASE}/20170102")
    assert response.headers["Content-Encoding"] == "gzip"
    assert body == (folder / "api/v1.1" / BASE / "20170102.json.gz").read_bytes()


def test_recorded_gzip_is_unpacked_for_those_who_do_not_take_it(replaying: Sandbox) -> None:
    assert ask(replaying, f"{BASE}/20170102", "identity")[1] == RECORDED


def test_what_is_not_recorded_is_synthetic(replaying: Sandbox) -> None:
    assert len(requests.get(f"{replaying.url}/{BASE}/20170104", timeout=60).content) > 10_000


def test_replaying_only_answers_404_to_what_is_not_recorded(folder: Path) -> None:
    with Sandbox(nodes=0, replay=folder, replay_only=True) as sandbox:
        assert ask(sandbox, f"{BASE}/20170101")[0].status_code == 200
        assert ask(sandbox, f"{BASE}/20170104")[0].status_code == 404


def test_a_link_that_leads_out_of_the_folder_is_not_followed(replaying: Sandbox) -> None:
    assert b"outside" not in ask(replaying, f"{BASE}/20170103", "identity")[1]


@pytest.mark.parametrize(
    "path",
    [
        "../../../secret",
        "hourlylmp/../../../../secret",
        "..",
        "hourlylmp//da",
        "/etc/passwd",
        "hourlylmp/da/final/day/..%2f..%2fsecret",
        "hourlylmp\\..\\..\\secret",
        ".hidden",
        "secret\x00",
        "",
    ],
)
def test_no_path_leads_out_of_the_folder(folder: Path, path: str) -> None:
    assert Recordings(folder).find(path) is None


@pytest.mark.parametrize(
    "up", ["../../../secret", "%2e%2e/%2e%2e/%2e%2e/secret", "..%2f..%2fsecret"]
)
def test_no_url_leads_out_of_the_folder(replaying: Sandbox, up: str) -> None:
    import http.client

    host, port = replaying.url.split("/")[2].split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    try:
        connection.request("GET", f"/api/v1.1/{up}.json")
        response = connection.getresponse()
        assert response.status == 404
        assert b"outside" not in response.read()
    finally:
        connection.close()


def test_faults_reach_recorded_responses_too(folder: Path) -> None:
    row = {"BeginDate": "2017-01-05T00:00:00.000-05:00", "LmpTotal": 28.3}
    content = json.dumps({"HourlyLmps": {"HourlyLmp": row}})
    (folder / "api/v1.1" / BASE / "20170105.json").write_text(content)
    with Sandbox(nodes=0, replay=folder, faults=["null-pricex1"]) as sandbox:
        record = requests.get(f"{sandbox.url}/{BASE}/20170105", timeout=60).json()
        again = requests.get(f"{sandbox.url}/{BASE}/20170105", timeout=60).text
    assert record == {"HourlyLmps": {"HourlyLmp": row | {"LmpTotal": None}}}
    assert again == content


def test_real_recorded_days_are_served_byte_for_byte(shared: Any) -> None:
    folder = shared / "replay"
    files = sorted((folder / "api" / "v1.1").rglob("*.json"))
    assert files
    with Sandbox(nodes=0, replay=folder, replay_only=True) as sandbox, requests.Session() as s:
        for file in files:
            path = file.relative_to(folder / "api" / "v1.1").with_suffix("").as_posix()
            response = s.get(f"{sandbox.url}/{path}", timeout=60)
            assert response.content == file.read_bytes()


def test_an_synthetic_day_has_the_shape_of_a_real_one(shared: Any) -> None:
    for base in ("hourlylmp/da/final", "hourlylmp/rt/final", "hourlyrcp/final"):
        path = f"{base}/day/20170103"
        real = json.loads((shared / "replay/api/v1.1" / f"{path}.json").read_text())
        with Sandbox(nodes=0) as sandbox:
            synthetic = requests.get(f"{sandbox.url}/{path}", timeout=60).json()
        while isinstance(real, dict):
            assert list(real) == list(synthetic)
            (real,), (synthetic,) = real.values(), synthetic.values()
        assert list(real[0]) == list(synthetic[0])
        assert real[0]["BeginDate"] == synthetic[0]["BeginDate"]
        assert real[0].get("Location") == synthetic[0].get("Location")
