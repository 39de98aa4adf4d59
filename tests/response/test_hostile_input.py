"""What comes from outside and is broken or means ill: rejected in one sentence, or harmless."""

import contextlib
import datetime as dt
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import one_day
import pytest
from filled import fill, settings_for
from reading import examine
from received import received

from isone.audit.reconcile import averages
from isone.audit.verify import verdict
from isone.download import location_list
from isone.download.client import Client
from isone.errors import DamagedError, IsoneError, LoadError, ResponseError, UsageError
from isone.load import sql
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.report.data import gather
from isone.report.queries.working_tables import open_report
from isone.response import csv_reports
from isone.run import custom, sources, status
from isone.run.log import LogFile, Redaction
from isone.run.plan import Plan, Planned
from isone.run.settings import config_of_this_folder, read_settings
from isone.run.sources import Credentials, Source
from isone.run.summary import summary
from isone.run.targets import Run
from isone.sandbox import Sandbox
from isone.store import gzipped, location_table, year_marker
from isone.store.files import write_whole
from isone.store.processes import this_host
from isone.store.store import Store

DEEP = b'{"x":' + b"[" * 100_000
ESCAPE = "\x1b]0;owned\x07\u202e\r\nStatus: SUCCESS"


def said(call: Callable[[], object], kind: type[IsoneError]) -> str:
    """The sentence of the error that a call must raise."""
    with pytest.raises(kind) as caught:
        call()
    sentence = str(caught.value)
    assert sentence.isprintable() and len(sentence) < 600
    return sentence


# the configuration


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"years": "99999999999"}, "'99999999999' is neither a year nor a range"),
        ({"years": 10**400}, "is neither a year nor a range"),
        ({"years": "２０２４"}, "is neither a year nor a range"),
        ({"years": "2024\x00"}, "has a character that cannot be printed"),
        ({"locations": "４０００"}, "is not a valid value"),
        ({"locations": "4000;DROP TABLE locations"}, "is not a valid value"),
        ({"retry_delay": "nan"}, "'nan' is not a number"),
        ({"retry_delay": float("nan")}, "'nan' is not a number"),
        ({"retry_delay": "inf"}, "'inf' is not a number"),
        ({"read_timeout": "1e300"}, "is too large; write "),
        ({"recheck_days": 10**18}, "is too large; write "),
        ({"data_dir": "a\x00b"}, "data_dir: 'a\\x00b' has a character that cannot be printed"),
        ({"log_dir": "logs\x1b[2J"}, "has a character that cannot be printed"),
        ({"data_dir": "~nobody_of_this_name/x"}, "begins with the home of nobody known here"),
        ({"base_url": "http://[::1"}, "http://[::1 is not a valid address"),
        ({"base_url": "http://host:port/x"}, "is not a valid address"),
        ({"base_url": "http://host/a\nHost: b"}, "a\\nHost: b' has a character that cannot be"),
        ({"database": "postgresql://me:canary@host/\n"}, "may hold a password) has a character"),
        ({"sandbox_nodes": 1e30}, "sandbox_nodes: 1e+30 is not a whole number"),
        ({"markets": "\ud800"}, "markets: '\\ud800' has a character that cannot be printed"),
        ({"accepted_flaws": [{"\ud800": 1}]}, "'\\ud800' has a character that cannot be printed"),
        ({"years": [[[["2024"]]]]}, "is nested too deeply"),
        ({"years": [["2024"]]}, "a list is not text"),
        ({"data_dir": {"a": "b"}}, "a mapping is not text"),
        ({"database": "postgresql://[::1"}, "this is not the address of a PostgreSQL database"),
    ],
    ids=lambda value: ascii(value)[:40] if isinstance(value, dict) else "",
)
def test_a_value_that_can_do_no_good_is_rejected(config: dict[str, Any], sentence: str) -> None:
    assert sentence in said(lambda: read_settings(config), UsageError)


def test_sql_in_a_database_s_name_stays_a_name() -> None:
    address = 'postgresql://me@host/x";DROP%20SCHEMA%20isone;--'
    assert read_settings({"database": address}).database == address


@pytest.mark.parametrize(
    "text",
    [
        "through: 2024-99-99",
        "[" * 5000,
        "years: !!python/object/apply:os.system ['touch owned']",
        "years: [2024",
        "- a list",
        "a: \x00",
        "\x1b[2J: 1",
    ],
    ids=["no such day", "deep", "a program", "cut off", "a list", "NUL", "an escape"],
)
def test_yaml_that_is_no_configuration_gets_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(text)
    said(lambda: read_settings(config_of_this_folder()), UsageError)
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_aliases_that_would_unfold_beyond_all_memory_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    levels = "".join(
        f"  - &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" if n else "  - &l0 [lol]\n"
        for n in range(12)
    )
    for key in ("years", "data_dir", "accepted_flaws"):
        Path("config.yaml").write_text(f"{key}:\n{levels}")
        sentence = said(lambda: read_settings(config_of_this_folder()), UsageError)
        assert f"{key}: the value is nested too deeply" in sentence


def test_a_folder_with_a_name_too_long_is_rejected_before_anything_starts() -> None:
    config = {"years": 2024, "source": "sandbox", "data_dir": "a" * 5000}
    assert "cannot be a folder" in said(lambda: Run.of(config), UsageError)


# custom downloads


ENTRY: dict[str, Any] = {"name": "mine", "script": "scripts/draw_workflow.py", "args": []}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"script": "../../bin/sh"}, "is outside the project folder"),
        ({"script": "/bin/sh"}, "is outside the project folder"),
        ({"script": "scripts/../../x.py"}, "is outside the project folder"),
        ({"script": "a\0b"}, "a NUL character can be in no program's arguments"),
        ({"args": ["\0"]}, "a NUL character can be in no program's arguments"),
        ({"script": "a" * 5000}, "cannot be a program's path"),
        ({"script": "docs"}, "there is no program docs"),
        ({"name": "../mine"}, "cannot name a job"),
        ({"name": "..", "script": "x"}, "cannot name a job"),
        ({"name": "a\n"}, "cannot name a job"),
        ({"name": "\x1b[2J"}, "cannot name a job"),
        ({"name": "ｍｉｎｅ"}, "cannot name a job"),
        ({"args": [["x"]]}, "a list is not text or a number"),
        ({"stop_on_failure": "\ud800"}, "'\\ud800' has a character that cannot be printed"),
        ({"\ud800": 1}, "'\\ud800' has a character that cannot be printed"),
    ],
    ids=lambda value: ascii(value)[:40] if isinstance(value, dict) else "",
)
def test_a_program_elsewhere_or_under_no_name_is_not_run(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    file = tmp_path / "downloads.json"
    file.write_text(json.dumps([ENTRY | change]))
    assert sentence in said(lambda: custom.read_downloads(file), UsageError)


def test_a_link_that_leads_out_of_the_project_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere.py"
    project.mkdir()
    elsewhere.write_text("print('owned')")
    (project / "link.py").symlink_to(elsewhere)
    (project / "circle.py").symlink_to(project / "circle.py")
    monkeypatch.setattr(custom, "PROJECT", project.resolve())
    for script, sentence in (
        ("link.py", "is outside the project folder"),
        ("circle.py", "cannot be a program's path"),
    ):
        file = tmp_path / "downloads.json"
        file.write_text(json.dumps([ENTRY | {"script": script}]))
        assert sentence in said(lambda: custom.read_downloads(file), UsageError)  # noqa: B023


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "1" * 5000, "[1", "NaN", "\ud800"], ids=lambda text: ascii(text)[:8]
)
def test_json_that_is_no_list_of_downloads_gets_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "downloads.json"
    file.write_text(content, "utf-8", "surrogatepass")
    said(lambda: custom.read_downloads(file), UsageError)


def test_a_command_is_shown_without_what_moves_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "downloads.json"
    file.write_text(json.dumps([ENTRY | {"args": ["\x1b[2J;rm -rf /"]}]))
    (download,) = custom.read_downloads(file)
    assert download.shown == "python scripts/draw_workflow.py '?[2J;rm -rf /'"
    assert download.command[-1] == "\x1b[2J;rm -rf /"  # one argument, seen by no shell


# accounts and addresses


def test_an_address_that_is_none_is_a_sentence_wherever_it_is_looked_at() -> None:
    said(lambda: sources.find_credentials("http://[::1", {}), UsageError)
    said(lambda: sources.is_loopback("http://[::1"), UsageError)


def test_a_password_in_any_bytes_is_sent_as_it_is_and_hidden() -> None:
    credentials = Credentials("me", os.fsdecode(b"pa\xffss\xc3\xa4"))
    policy = read_settings({}).http
    with Client(Source("webservices", "http://127.0.0.1:9", credentials), policy) as client:
        sent = client._request.headers["Authorization"]
    assert sent == "Basic bWU6cGH/c3PDpA=="
    redaction = Redaction()
    redaction.hide(credentials)
    record = logging.LogRecord("isone", logging.INFO, "", 0, f"sent {sent}", (), None)
    redaction.filter(record)
    assert record.getMessage() == "sent Basic ***"


# what the service says


def test_a_log_holds_nothing_that_moves_a_terminal() -> None:
    record = logging.LogRecord("isone", logging.INFO, "", 0, "a\tb\n%s", (f"{ESCAPE}",), None)
    Redaction().filter(record)
    assert record.getMessage() == "a\tb\n?]0;owned???\nStatus: SUCCESS"


def test_a_sentence_is_one_printable_line_whatever_it_quotes() -> None:
    assert str(ResponseError(f"the service says {ESCAPE}")).isprintable()
    assert len(str(ResponseError("x" * 10**6))) <= 4000


def test_a_name_of_a_location_forges_no_line_of_a_log() -> None:
    before = [location_list.Location(5000, "NETWORK NODE", "LD.A")]
    after = [location_list.Location(5000, "NETWORK NODE", f"LD.A{ESCAPE}")]
    messages = location_list._changes(before, after)
    assert messages[0].isprintable()
    assert "1 renamed location: 5000 LD.A is LD.A?]0;owned" in messages[0]


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(location_list.read_locations, id="locations"),
        pytest.param(
            lambda body: examine(
                DATASETS["lmp_da_hourly"], Request("lmp_da_hourly", dt.date(2024, 1, 1)), body
            ),
            id="prices",
        ),
    ],
)
@pytest.mark.parametrize("body", [DEEP, b'{"a":"\xff"}', b"\x00"], ids=["deep", "bytes", "NUL"])
def test_json_beyond_all_measure_is_rejected(read: Callable[[bytes], Any], body: bytes) -> None:
    said(lambda: read(body), ResponseError)


@pytest.mark.parametrize("field", ["LocationName", "LocationType", "AreaType"])
@pytest.mark.parametrize("text", [ESCAPE, "LD.\u202eA", "LD.\u2066A", "LD.\u200fA"], ids=ascii)
def test_a_list_of_locations_with_what_turns_its_reading_is_rejected(field: str, text: str) -> None:
    location = {"LocationID": 4000, "LocationName": "A", field: text}
    body = json.dumps({"Locations": {"Location": [location]}}).encode()
    assert "the list of locations has" in said(
        lambda: location_list.read_locations(body), ResponseError
    )


@pytest.mark.parametrize("id", [-1, 2**31, 10**9, 10**30, 1.5])
def test_a_location_with_an_id_that_no_database_takes_is_rejected(id: float) -> None:
    body = json.dumps({"Locations": {"Location": [{"LocationID": id}]}}).encode()
    said(lambda: location_list.read_locations(body), ResponseError)


@pytest.mark.parametrize(
    ("read", "body"),
    [
        pytest.param(
            location_list.read_locations,
            '{"Locations": {"Location": [{"LocationID": 4000, "LocationID": 4001}]}}',
            id="a location's id",
        ),
        pytest.param(
            location_list.read_locations,
            '{"Locations": {"Location": []}, "Locations": {"Location": [{"LocationID": 1}]}}',
            id="the list of locations",
        ),
        pytest.param(
            lambda body: averages.read_averages(body, 2024, 4000),
            '{"LmpIndexes": {"LmpIndex": {"BeginDate": "2024-01-01T00:00:00-05:00", '
            '"Location": {"@LocId": "4000"}, "Average": 1.0, "Average": 2.0}}}',
            id="an average",
        ),
    ],
)
def test_a_key_that_an_object_of_a_small_response_has_twice_is_rejected(
    read: Callable[[bytes], Any], body: str
) -> None:
    assert "twice in one object" in said(lambda: read(body.encode()), ResponseError)


@pytest.mark.parametrize(
    "timestamp", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "1"]
)
def test_an_average_of_no_month_is_rejected(timestamp: str) -> None:
    index = {"BeginDate": timestamp, "Location": {"@LocId": "4000"}, "Average": 1.0}
    body = json.dumps({"LmpIndexes": {"LmpIndex": [index]}}).encode()
    assert "wrong timestamp" in said(
        lambda: averages.read_averages(body, 2024, 4000), ResponseError
    )


def report(**cells: str) -> bytes:
    values = {"Date": "01/01/2024", "Hour Ending": "01", "Location ID": "4000"}
    values |= {"Location Name": ".H.INTERNAL_HUB", "Location Type": "HUB"}
    values |= {"Locational Marginal Price": "1", "Energy Component": "1"}
    values |= {"Congestion Component": "0", "Marginal Loss Component": "0"} | cells
    head, row = ('","'.join(words) for words in (values, values.values()))
    return f'"C","x"\r\n"H","{head}"\r\n"D","{row}"\r\n"T","1"\r\n'.encode()


@pytest.mark.parametrize(
    "cells",
    [
        {"Energy Component": "0" * 5000},
        {"Energy Component": "9" * 5000},
        {"Location ID": "9" * 5000},
        {"Location ID": "4001\x1f"},
        {"Date": f"01/01/2024{ESCAPE.replace(chr(13), '').replace(chr(10), '')}"},
        {"Hour Ending": "\x1b[2J"},
    ],
    ids=[
        "zeros",
        "nines",
        "an id",
        "a control beside it",
        "an escape in a date",
        "an escape in an hour",
    ],
)
def test_a_report_with_a_value_beyond_all_measure_is_rejected(cells: dict[str, str]) -> None:
    dataset, request = DATASETS["lmp_da_hourly"], Request("lmp_da_hourly", dt.date(2024, 1, 1))
    said(lambda: examine(dataset, request, report(**cells)), ResponseError)


def test_a_report_s_headings_are_repeated_without_what_moves_a_terminal() -> None:
    body = report().replace(b"Hour Ending", b"Hour\x1b[2J" * 200)
    assert "?[2J" in said(
        lambda: csv_reports.read_columns(DATASETS["lmp_da_hourly"], body), ResponseError
    )


def test_a_bomb_of_gzip_is_not_unpacked() -> None:
    import gzip

    bomb = gzip.compress(bytes(gzipped.LARGEST_RESPONSE + 1), 9)
    assert "larger than 64 MB" in said(lambda: gzipped.inflate(bomb), ResponseError)


# what lies in the data folder


@pytest.mark.parametrize("content", [DEEP, b'{"dataset":"\xff', b"", b"[]", b"7"])
def test_files_that_others_spoilt_are_sentences_or_passed_over(
    tmp_path: Path, content: bytes
) -> None:
    store = Store(tmp_path)
    marker = store.marker_path("lmp_da_hourly", "2024")
    ledger = store.ledger_path("lmp_da_hourly", 2024)
    plan = status.plan_path(store)
    for path in (marker, ledger, plan, store.location_table_path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert "remove it" in said(lambda: year_marker.read_manifest(marker), DamagedError)
    assert "remove it" in said(lambda: verdict.read_verdict(marker), DamagedError)
    assert store.read_ledger("lmp_da_hourly", 2024) == {}
    assert status.read_plan(store) is None
    if content != b"[]":
        assert "remove it" in said(lambda: location_table.read_table(store), UsageError)


@pytest.mark.parametrize(
    "facts",
    [
        {"started": 1.5},
        {"started": "2027", "state": "running", "process": 2**70},
        {"started": "2027", "state": "failed", "days": 3},
        {"started": "2027", "state": "failed", "missing": [1]},
        [1],
        7,
    ],
    ids=ascii,
)
def test_a_status_file_of_another_form_has_nothing_to_say(tmp_path: Path, facts: Any) -> None:
    store = Store(tmp_path)
    download = Planned("isone_x_2024", "none", "x", 1, False)
    plan = Plan("sandbox", "data", "logs", (download,), (), 1, "2026", 2**70)
    write_whole(status.plan_path(store), msgspec.json.encode(plan))
    write_whole(status.status_path(store, "isone_x_2024"), json.dumps(facts).encode())
    assert "1. isone_x_2024: " in summary(store)
    assert "Successful: 0" in summary(store, ended=True)


@pytest.mark.parametrize("state", ["failed", "succeeded", "running", "interrupted"])
def test_what_others_wrote_into_plan_and_status_moves_no_terminal(
    tmp_path: Path, state: str
) -> None:
    store, empty = Store(tmp_path), status.JobStatus()
    said: dict[str, Any] = {
        name: ESCAPE for name in empty.__struct_fields__ if isinstance(getattr(empty, name), str)
    }
    said |= {name: [ESCAPE] for name in ("noted", "warnings", "verdict_lines")}
    said |= {"missing": {ESCAPE: ESCAPE}, "gaps": {ESCAPE: ESCAPE}, "warned": 3, "requests_sent": 3}
    process = os.getpid() if state == "running" else 0
    download = Planned("isone_x_2024", ESCAPE, ESCAPE, 1, False)
    plan = Plan(ESCAPE, ESCAPE, ESCAPE, (download,), (ESCAPE,), 1, ESCAPE, 0, page=ESCAPE)
    write_whole(status.plan_path(store), msgspec.json.encode(plan))
    for name in ("isone_x_2024", "load_duckdb"):
        job = said | {"name": name, "state": state, "process": process, "host": this_host()}
        write_whole(status.status_path(store, name), json.dumps(job).encode())
    (status.plan_path(store).parent / "stop.txt").write_bytes(b"\xff" + ESCAPE.encode())
    for ended in (True, False):
        shown = summary(store, ended=ended)
        assert "owned" in shown
        assert all(line.isprintable() for line in shown.split("\n"))


def test_a_plan_with_names_that_no_file_has_is_shown_as_it_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    downloads = tuple(Planned(n, n, "x", 1, False) for n in ("x" * 300, "a\0b", "../../x"))
    plan = Plan("sandbox", "data", "logs", downloads, (), 1, "2026", 0)
    write_whole(status.plan_path(store), msgspec.json.encode(plan))
    assert summary(store).count("NEVER STARTED") == 3


def test_a_request_s_name_cannot_lead_out_of_its_folder() -> None:
    for name in ("../../x", "20240101/../../x", "20240101.4000/..", "20240101\0", "２０２４0101"):
        assert Request.named("lmp_da_hourly", name) is None


def test_a_link_in_the_place_of_a_response_is_replaced_and_not_written_through(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    store = Store(tmp_path / "sandbox")
    request = Request("lmp_da_hourly", dt.date(2024, 1, 2))
    folder = store.raw_dir("lmp_da_hourly", 2024)
    folder.mkdir(parents=True)
    (folder / f"{request.name}.json.gz").symlink_to(outside)
    fill(store, ["lmp_da_hourly"], "2024-01-02", "2024-01-02", nodes=0)
    stored = store.raw_path(request)
    assert not stored.is_symlink() and stored.stat().st_size > 100
    assert outside.read_bytes() == b"mine"


@pytest.mark.parametrize(
    "name",
    [
        ".downloading",
        "raw/lmp_da_hourly/2024/ledger.jsonl",
        "raw/lmp_da_hourly/2024/.20240102.unvalidated",
        "rejected/lmp_da_hourly/20240102.json.txt",
        "log",
    ],
)
def test_no_link_in_the_data_folder_leads_to_writing_elsewhere(tmp_path: Path, name: str) -> None:
    outside, store = tmp_path / "outside", Store(tmp_path / "sandbox")
    outside.write_bytes(b"mine")
    link = store.root / name
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    request = Request("lmp_da_hourly", dt.date(2024, 1, 2))
    refused = pytest.raises(OSError, match="symbolic links")
    with contextlib.nullcontext() if name.endswith("unvalidated") else refused:
        if name == ".downloading":
            with store.sole_downloader("mine"):
                pass
        elif name.endswith("ledger.jsonl"):
            store.save_responses([received(store, request, b"content")])
        elif name.endswith("unvalidated"):
            fill(store, ["lmp_da_hourly"], "2024-01-02", "2024-01-02", nodes=0)
        elif name == "log":
            LogFile(link)
        else:
            (store.root / "came").write_bytes(b"content")
            store.reject_response(request, store.root / "came", "it is wrong")
    assert outside.read_bytes() == b"mine"


def test_a_foreign_database_shows_no_other_file(tmp_path: Path) -> None:
    secret, path = tmp_path / "secret.csv", tmp_path / "isone.duckdb"
    secret.write_text("location_id,location,location_type\n4000,canary,HUB\n")
    with duckdb.connect(str(path)) as connection:
        for table, _, columns in sql.all_tables():
            if table != "locations":
                connection.execute(f"CREATE TABLE {sql.name(table)} ({sql.definition(columns)})")
        connection.execute("CREATE TABLE about (key VARCHAR, value VARCHAR)")
        connection.execute(f"CREATE VIEW locations AS FROM read_csv({sql.text(str(secret))})")
    with pytest.raises(LoadError, match="cannot be reported on") as caught, open_report(path):
        pass
    assert "disabled" in str(caught.value)


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12-01", "0001-01-01"])
def test_a_foreign_database_with_days_beyond_any_calendar_is_no_fault(
    tmp_path: Path, day: str
) -> None:
    store = Store(tmp_path / "sandbox")
    store.root.mkdir()
    prices = dict.fromkeys(("lmp_da_hourly", "lmp_rt_hourly"), [20.0] * 24)
    with duckdb.connect(str(one_day.database(store.duckdb_path, prices))) as connection:
        for table in prices:
            connection.execute(f"UPDATE {table} SET operating_day = '{day}'")  # noqa: S608
    with contextlib.suppress(LoadError):
        gather(settings_for(store), store)


# the sandbox, which anybody on this machine can reach


@pytest.mark.parametrize(
    "target",
    [
        "//[x",
        "/api/v1.1/../../etc/passwd.json",
        "/api/v1.1/%2e%2e/%2e%2e/etc/passwd.json",
        "/api/v1.1/link.json",
        "/api/v1.1/broken.json",
        "/transform/csv/\x1b",
        *(
            f"/{row.public_csv.path.format(day='20249999', hours='00-04', version='final')}"
            for row in DATASETS.values()
            if row.public_csv
        ),
    ],
)
def test_no_request_leads_out_of_the_recordings_or_ends_in_an_error(
    tmp_path: Path, target: str
) -> None:
    folder = tmp_path / "recorded" / "api" / "v1.1"
    folder.mkdir(parents=True)
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "broken.json.gz").write_bytes(b"\x1f\x8bno gzip")
    sandbox = Sandbox(nodes=0, today=dt.date(2026, 6, 15), replay=tmp_path / "recorded")
    answer = sandbox.response(target, "*/*", None, "isox_token=x")
    assert b"root:" not in answer.body
    assert answer.status in {200, 400, 404}
