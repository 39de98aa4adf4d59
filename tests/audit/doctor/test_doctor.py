"""The doctor as a person runs it: what it asks, says, writes and ends with."""

import datetime as dt
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from altered import Altered, Change, with_body
from running import PROJECT, SERVICE, by_hand

from isone.audit.doctor import plans, probes
from isone.download.client import Client
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.sandbox.report_files import COOKIE
from isone.sandbox.response import Response, html_response

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "ALL_PROXY",
        "https_proxy",
        "http_proxy",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(sandbox: Sandbox, source: str = "webservices", *words: str, **config: Any) -> int:
    base_url = sandbox.reports_url if source == "reports" else sandbox.url
    return by_hand({"source": source, "base_url": base_url, **config}, "doctor", *words)


def written(source: str, folder: Path) -> Any:
    return json.loads((folder / "doctor" / "doctor.json").read_text())["runs"][source]


def answers(source: str, folder: Path) -> dict[str, str]:
    return {each["name"]: each["answer"] for each in written(source, folder)["answers"]}


def answered(source: str, folder: Path) -> set[str]:
    return {name.partition(" ")[0] for name in answers(source, folder)}


def sent(sandbox: Sandbox) -> int:
    return len(sandbox.requests)


@pytest.mark.parametrize(("words", "most"), [((), 30), (("--everything",), 48)])
@pytest.mark.parametrize("source", ["webservices", "reports"])
def test_everything_answers(
    folder: Path, capsys: Output, source: str, words: tuple[str, ...], most: int
) -> None:
    with Sandbox(nodes=1, server_name=SERVICE) as sandbox:
        assert run(sandbox, source, *words) == 0
        asked = sent(sandbox)
    said = capsys.readouterr().out
    announced = re.search(r"at most (\d+) requests, one at a time", said)
    assert announced
    assert asked <= int(announced[1]) <= most
    assert ("load_5min" in answered(source, folder)) is bool(words)
    told = written(source, folder)["assumptions"]["load-sums"]
    if not words and source == "webservices":
        assert told["why"] == "load_5min was not asked for: --everything does"
    assert said.index("at most") < said.index("lmp_da_hourly")
    assert max(map(len, said.splitlines())) <= 80
    assert "answered as they should" in said
    result = written(source, folder)
    assert result["everything_answered"] is True
    assert result["requests"] == asked
    shapes = {path.name for path in (folder / "doctor" / "shapes" / source).iterdir()}
    assert len(shapes) == len(result["answers"])
    assert "next" in said.lower()


def test_the_plans_hold_what_they_announce() -> None:
    now = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)
    api, csv = [*plans.infos(now), *plans.web_services(now, {})], plans.public_csv(now)
    assert len(api) <= plans.MOST_API_OF_ALL
    assert len(csv) + 3 <= plans.MOST_CSV_OF_ALL  # twice the page, and once a file again
    assert len(plans.of_prices(api)) <= plans.MOST_API <= 30
    assert len(plans.of_prices(csv)) + 3 <= plans.MOST_CSV
    assert {each.request.dataset for each in api if each.request and each.needed} == set(DATASETS)
    for plan in (api, csv):
        assert len({each.name for each in plan}) == len(plan)


def test_an_empty_day_settles_its_line(folder: Path) -> None:
    faults = ["empty:dayaheadconstraints/day/20150217"]
    with Sandbox(nodes=1, server_name=SERVICE, faults=faults) as sandbox:
        assert run(sandbox) == 0
    assert written("webservices", folder)["assumptions"]["empty-day"]["verdict"] == "as assumed"


def test_a_sandbox_of_its_own_says_nothing_about_iso_ne(folder: Path, capsys: Output) -> None:
    assert by_hand({}, "doctor", "--source", "sandbox", "--folder", "there") == 0
    said = capsys.readouterr().out
    assert "they say nothing about ISO-NE" in said
    assert (folder / "there" / "doctor.json").exists()
    assert not (folder / "data").exists()


def test_runs_of_both_sources_stand_beside_each_other(folder: Path) -> None:
    with Sandbox(nodes=1, server_name=SERVICE) as sandbox:
        run(sandbox)
        run(sandbox, "reports")
    runs = json.loads((folder / "doctor" / "doctor.json").read_text())["runs"]
    assert set(runs) == {"webservices", "reports"}
    told = {
        id
        for each in runs.values()
        for id, found in each["assumptions"].items()
        if found["verdict"] == "as assumed"
    }
    assert len(told) >= 25


@pytest.mark.parametrize("content", ["", "{", "[]", '{"runs": 7}', '{"runs": {"reports": 1}}'])
def test_a_doctor_json_of_another_form_is_replaced(folder: Path, content: str) -> None:
    (folder / "doctor").mkdir()
    (folder / "doctor" / "doctor.json").write_text(content)
    assert by_hand({}, "doctor", "--source", "sandbox") == 0
    assert written("sandbox", folder)["everything_answered"] is True


def test_a_refused_account_ends_after_one_request(capsys: Output) -> None:
    with Sandbox(nodes=1, server_name=SERVICE, username="u", password="p") as sandbox:
        assert run(sandbox) == 1
        assert sent(sandbox) == 1
    said = capsys.readouterr().out
    assert "refused the account (401)" in " ".join(said.split())
    assert "set the account right" in said
    assert re.search(r"\b\d\d more probes not asked: no other request can succeed", said)
    assert "The lines of docs/unverified.md" not in said
    assert len(said.splitlines()) < 30


def test_one_dataset_that_fails_is_a_row_and_the_others_are_asked(folder: Path) -> None:
    faults = ["server-error:daasstrikeprices/*"]
    with Sandbox(nodes=1, server_name=SERVICE, faults=faults) as sandbox:
        assert run(sandbox) == 1
    found = answers("webservices", folder)
    assert [name for name, answer in found.items() if answer == "refused"] == [
        next(name for name in found if name.startswith("strike"))
    ]
    assert "not asked" not in found.values()


def test_a_dataset_of_another_form_is_odd(folder: Path) -> None:
    with Sandbox(nodes=1, server_name=SERVICE, faults=["renamed-field:hourlyrcp/*"]) as sandbox:
        assert run(sandbox) == 1
    odd = [name for name, answer in answers("webservices", folder).items() if answer == "odd"]
    assert len(odd) == 1
    shape = (folder / "doctor/shapes/webservices" / f"{odd[0].replace(' ', '_')}.json").read_text()
    assert "Renamed" in shape


def test_a_day_with_a_gap_is_odd(folder: Path) -> None:
    with Sandbox(nodes=1, server_name=SERVICE, faults=["missing-interval:hourlyrcp/*"]) as sandbox:
        assert run(sandbox) == 1
    result = written("webservices", folder)
    assert [each["why"] for each in result["answers"] if each["answer"] == "odd"] == [
        "1 interval or location missing"
    ]


def test_a_silent_service_is_two_rows_and_no_long_wait(folder: Path) -> None:
    with Sandbox(nodes=1, server_name=SERVICE, faults=["silence"], hold=3) as sandbox:
        assert run(sandbox, read_timeout=0.3) == 1
        assert sent(sandbox) == 2
    found = list(answers("webservices", folder).values())
    assert found[:2] == ["no answer"] * 2
    assert set(found[2:]) == {"not asked"}


def test_a_busy_service_is_waited_for_once_and_left(capsys: Output) -> None:
    options: dict[str, Any] = {"faults": ["too-many-requests"], "retry_after": 1}
    with Sandbox(nodes=1, server_name=SERVICE, **options) as sandbox:
        assert run(sandbox) == 1
        assert sent(sandbox) == 2
    said = " ".join(capsys.readouterr().out.split())
    assert "429 Too Many Requests; the next request waits 1 s" in said


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("html", "refused"),
        ("login-redirect", "refused"),
        ("wrong-type", "refused"),
        ("reset-early", "no answer"),
        ("cut-body", "no answer"),
        ("damaged-gzip", "odd"),
        ("error-object", "odd"),
        ("empty", "empty"),
        ("not-found", "404"),
        ("forbidden", "refused"),
        ("missing-place", "odd"),
    ],
)
def test_each_way_of_not_answering_has_a_name(fault: str, answer: str) -> None:
    day = dt.date(2026, 1, 5)
    request = Request("regulation_hourly" if answer == "empty" else "lmp_rt_hourly", day)
    path = DATASETS[request.dataset].request.url_path(request)
    probe = probes.Probe("a day", path, request, needed=True)
    with Sandbox(nodes=1, server_name=SERVICE, faults=[f"{fault}:*/day/*"]) as sandbox:
        source = Source("webservices", sandbox.url)
        with Client(source, probes.short_patience(read_settings({}).http)) as client:
            found = probes.Asking(client, day, 30).ask(probe)
    assert (found.state, found.is_well) == (answer, False)
    assert bool(found.why) == (answer not in {"empty", "404"})


def refused_without_cookie(sandbox: list[Altered]) -> Change:
    def change(found: Response) -> Response:
        has_cookie = COOKIE in sandbox[0].cookies[-1]
        return found if has_cookie else html_response(403, "Forbidden", "Get a page first.")

    return change


def test_static_files_that_need_the_cookie_are_otherwise_and_come(folder: Path) -> None:
    there: list[Altered] = []
    with Altered(
        {"/static*": refused_without_cookie(there)}, nodes=1, server_name=SERVICE
    ) as sandbox:
        there.append(sandbox)
        assert run(sandbox, "reports") == 0
        assert sent(sandbox) <= 30
    line = written("reports", folder)["assumptions"]["csv-static-cookie"]
    assert line["verdict"] == "otherwise"
    assert "answered after it" in line["why"]


def test_a_blocked_address_is_two_rows(folder: Path) -> None:
    blocked = {"/static*": lambda found: replace(html_response(403, "Blocked", "No."))}
    with Altered(blocked, nodes=1, server_name=SERVICE) as sandbox:
        assert run(sandbox, "reports") == 1
    found = written("reports", folder)
    assert [each["answer"] for each in found["answers"]][:3] == ["refused", "refused", "not asked"]
    assert found["assumptions"]["csv-blocked"]["verdict"] == "as assumed"


def test_a_report_with_other_headings_is_named(capsys: Output) -> None:
    renamed = with_body(lambda body: body.replace(b"Loss Component", b"Lost Part"))
    with Altered({"*/5min-rt-final/*": renamed}, nodes=1, server_name=SERVICE) as sandbox:
        assert run(sandbox, "reports") == 1
    said = capsys.readouterr().out
    assert "Marginal Lost Part" in " ".join(said.split())
    assert "Please report what is otherwise" in said


def test_requests_never_are_more_than_was_announced() -> None:
    page = html_response(200, "Page", "Sign in.")

    odd = iter(range(1000))
    changes: dict[str, Change] = {
        "*.csv": lambda found: page if next(odd) % 3 else found,
        "/transform*": lambda found: page if next(odd) % 3 else found,
    }
    with Altered(changes, nodes=1, server_name=SERVICE) as sandbox:
        run(sandbox, "reports")
        assert sent(sandbox) <= plans.MOST_CSV


def test_without_an_account_nothing_is_sent(folder: Path, capsys: Output) -> None:
    assert by_hand({"source": "webservices"}, "doctor") == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "none is set → Set ISONE_USERNAME and ISONE_PASSWORD" in said
    assert "set the account right" in said
    assert written("webservices", folder)["requests"] == 0


@pytest.mark.parametrize("source", ["auto", "webservices"])
def test_half_an_account_is_a_row(
    capsys: Output, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setenv("ISONE_USERNAME", "canary-user")
    assert by_hand({"source": source}, "doctor") == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "ISONE_PASSWORD is not set" in said
    assert "canary-user" not in said


def test_no_connection_is_two_rows(folder: Path) -> None:
    assert by_hand({"source": "webservices", "base_url": "http://127.0.0.1:9"}, "doctor") == 1
    assert set(answers("webservices", folder).values()) == {"no answer", "not asked"}


def test_a_proxy_is_named_without_its_account_and_not_written(
    folder: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://canary-user:canary-word@127.0.0.1:9")
    assert by_hand({"source": "reports"}, "doctor") == 1
    said = capsys.readouterr().out
    assert "http://127.0.0.1:9" in said
    assert "cannot be reached" in " ".join(said.split())
    files = "".join(path.read_text() for path in (folder / "doctor").rglob("*.json"))
    assert "canary" not in said + files
    assert "127.0.0.1" not in files
    assert written("reports", folder)["surroundings"]["proxy"]["said"] == "(private)"


def test_a_folder_that_cannot_be_written_is_said(
    folder: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: "data" not in str(path))
    (folder / "data").mkdir()
    with Sandbox(nodes=1, server_name=SERVICE) as sandbox:
        assert run(sandbox) == 1
    assert "cannot be written" in capsys.readouterr().out


def test_a_clock_that_is_wrong_is_said(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    date = "Thu, 01 Jan 2026 00:00:00 GMT"
    monkeypatch.setattr("email.utils.formatdate", lambda *_, **__: date)
    with Sandbox(nodes=1, server_name=SERVICE) as sandbox:
        assert run(sandbox) == 1
    assert "s ahead of the service's" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [("--sorce", "sandbox"), ("--source", "nowhere"), ("more",)], ids=lambda each: each[0]
)
def test_a_wrong_command_is_a_usage_error(folder: Path, words: tuple[str, ...]) -> None:
    assert by_hand({}, "doctor", *words) == 2
    assert not (folder / "doctor").exists()


def test_a_file_without_certificates_is_a_usage_error(folder: Path) -> None:
    assert by_hand({"source": "reports", "ca_bundle": str(folder / "none.pem")}, "doctor") == 2


def test_the_command_runs_by_itself(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "isone", "doctor", "--source", "sandbox"],
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "doctor" / "doctor.json").exists()


# What must never be seen.

PRICE, USER, WORD, TOKEN = "48151.62", "canary-user", "canary-word-7", "canary-cookie-9"
Spoil = Callable[[bytes], bytes]


def everywhere(found: Response) -> Response:
    """A hostile service: what must not be seen is in every header that there is."""
    canaries = f"{PRICE} {WORD} {USER} {TOKEN}"
    headers = (
        ("Set-Cookie", f"session={TOKEN}; Path=/"),
        ("X-Echo", canaries),
        (f"X-{WORD}", canaries),
        ("Cache-Control", f"max-age=1, {TOKEN}"),
        ("Location", f"https://example.org/?{PRICE}&{WORD}"),
        ("Retry-After", PRICE),
    )
    return replace(found, headers=(*found.headers, *headers))


def with_prices(body: bytes) -> bytes:
    """Every number is the canary."""
    return re.sub(rb"(?<=[:,])-?\d+\.\d+", PRICE.encode(), body)


def with_texts(body: bytes) -> bytes:
    """Every text is a canary, and a key too."""
    body = re.sub(rb'"(\.[HZ]\.|UN\.)[^"]*"', f'"{WORD} {PRICE}"'.encode(), body)
    return body.replace(b"{", f'{{"{PRICE}":{PRICE},"{WORD}":"{USER}",'.encode(), 1)


def with_headings(body: bytes) -> bytes:
    body = body.replace(b'"H","', f'"H","{PRICE}","{TOKEN}","'.encode())
    return body.replace(b'"D","', f'"D","{PRICE}","{WORD}","'.encode())


def as_page(_body: bytes) -> bytes:
    return f"<html>{PRICE} {WORD} {TOKEN} {USER}</html>".encode()


def as_text(_body: bytes) -> bytes:
    return json.dumps({"HourlyLmps": f"{PRICE} {WORD}"}).encode()


def with_lone_prices(body: bytes) -> bytes:
    return re.sub(rb"(\d)\.(\d+)", f"\\1{PRICE}".encode(), body, count=3)


SPOILT: list[tuple[Spoil, int]] = [
    (bytes, 200),
    (with_prices, 200),
    (with_texts, 200),
    (with_headings, 200),
    (with_lone_prices, 200),
    *((spoil, status) for spoil in (as_page, as_text) for status in (200, 302, 401, 403, 429, 500)),
]


@pytest.mark.parametrize(
    ("spoil", "status"), SPOILT, ids=lambda each: getattr(each, "__name__", each)
)
@pytest.mark.parametrize("source", ["webservices", "reports"])
def test_no_price_account_or_cookie_is_said_or_written(
    folder: Path,
    capsys: Output,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    spoil: Spoil,
    status: int,
) -> None:
    monkeypatch.setenv("ISONE_USERNAME", USER)
    monkeypatch.setenv("ISONE_PASSWORD", WORD)
    monkeypatch.setattr(probes, "_WAIT", 0.0)

    def change(found: Response) -> Response:
        return replace(with_body(spoil)(everywhere(found)), status=status)

    with Altered(
        {"*": change}, nodes=1, server_name=SERVICE, username=USER, password=WORD
    ) as sandbox:
        run(sandbox, source)
        assert sent(sandbox) > 0
    captured = capsys.readouterr()
    files = [path.read_text() for path in (folder / "doctor").rglob("*") if path.is_file()]
    names = [str(path.relative_to(folder)) for path in (folder / "doctor").rglob("*")]
    everything = "\n".join([captured.out, captured.err, *files, *names])
    assert len(everything) > 1000
    for canary in (PRICE, "48151", USER, WORD, TOKEN):
        assert canary not in everything
    assert max(map(len, captured.out.splitlines())) <= 80


@pytest.mark.parametrize("source", ["webservices", "reports"])
def test_no_price_that_was_served_is_written(folder: Path, capsys: Output, source: str) -> None:
    served: set[bytes] = set()

    def note(found: Response) -> Response:
        served.update(re.findall(rb"(?<=[:,])-?(\d\d+\.\d\d)(?=[,}\r])", found.body))
        return found

    with Altered({"*": note}, nodes=1, server_name=SERVICE) as sandbox:
        assert run(sandbox, source) == 0
    files = [path.read_text() for path in (folder / "doctor").rglob("*.json")]
    everything = "\n".join([capsys.readouterr().out, *files])
    numbers = set(re.findall(r"(?<![\d.])\d\d+\.\d\d(?![\d.])", everything))
    assert len(served) > 200
    assert not {each.decode() for each in served} & numbers
