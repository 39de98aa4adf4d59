"""What is fuzzed: every reader of bytes that come from outside, each with seeds and a mutator.

A target's `read` gets any bytes at all. It returns where they were read or rejected in a sentence,
and raises where anything but one of the package's own errors came out, or a sentence that is none.
Seeds come from the sandbox and from the project's own files; none are stored.
"""

import contextlib
import csv
import datetime as dt
import gzip
import io
import json
import os
import random
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import yaml
from reading import examine, stored
from requests.structures import CaseInsensitiveDict
from running import PROJECT

from isone.audit.reconcile import averages, workbook
from isone.audit.verify import raw
from isone.download import browsing, client_errors, location_list
from isone.download.client import Client
from isone.errors import IsoneError
from isone.load import outputs
from isone.market import flaws, market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS, REPORTS_PAGE
from isone.market.requests import Request
from isone.pack.columns import ColumnReader
from isone.response import csv_reports, report_places
from isone.response.table import read_table
from isone.run import custom, settings, sources, status
from isone.run.options import Config
from isone.run.summary import summary
from isone.sandbox import Sandbox
from isone.sandbox.plan import read_order
from isone.sandbox.report_files import ReportFiles
from isone.sandbox.synthetic import Synthetic
from isone.store import gzipped, year_marker
from isone.store.store import Store

DAY = dt.date(2025, 11, 2)  # 25 hours, and every dataset has it
AT = dt.datetime(2026, 6, 15, 12, tzinfo=market_time.MARKET_ZONE)
_LONGEST_SENTENCE = 4000
_NAMES = tuple(DATASETS)
_Mutate = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Target:
    """A reader of bytes, what it is begun with, and a mutator that keeps to its form."""

    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    mutate: _Mutate | None = None


@contextlib.contextmanager
def sentences() -> Any:
    """Let the package's own errors pass, if each is one printable sentence of some length."""
    try:
        yield
    except IsoneError as error:
        said = str(error)
        assert said.isprintable(), ascii(said)[:200]
        assert 0 < len(said) <= _LONGEST_SENTENCE


@cache
def scratch() -> Path:
    """A folder in memory, where there is one, for targets that read files."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    return Path(tempfile.mkdtemp(prefix="isone-fuzz-", dir=memory if memory.is_dir() else None))


def split(data: bytes) -> tuple[int, bytes]:
    """The first byte chooses a variant; the rest is what is read."""
    return (data[0], data[1:]) if data else (0, b"")


@cache
def synthetic() -> Synthetic:
    return Synthetic(0, 0)


def request_of(name: str) -> Request:
    """The request that responses of a dataset are held against: a day, or a day of the hub."""
    return DATASETS[name].day_requests(DAY, (4000,))[0]


def report_request(name: str) -> Request:
    return DATASETS[name].csv_requests(DAY)[0]


# responses


def read_response(data: bytes) -> None:
    number, body = split(data)
    dataset = DATASETS[_NAMES[number % len(_NAMES)]]
    request = request_of(dataset.name)
    for accepted in ((), flaws.REJECTED):
        with sentences():
            found = examine(dataset, request, body, accepted=accepted)
            # what is validated can be packed, and verified, with as many rows as were counted
            batch = ColumnReader(dataset, "all").read([stored(request, found.rows)], [body])
            assert batch.num_rows == found.rows
            assert raw.rows_of(read_table(dataset, body), [request]).num_rows == found.rows


def response_seeds() -> list[bytes]:
    seeds = []
    for number, name in enumerate(_NAMES):
        body = synthetic().answer(DATASETS[name].request.url_path(request_of(name)), AT).body
        seeds.append(bytes([number]) + body)
    return seeds


def mutate_json(data: bytes, chance: random.Random) -> bytes:
    """One value of the JSON after the first byte exchanged, removed, doubled or wrapped."""
    try:
        tree = [json.loads(data[1:])]
    except (ValueError, RecursionError):
        return data
    holders: list[tuple[Any, Any]] = []
    _walk(tree, holders)
    for _ in range(chance.choice((1, 1, 1, 3))):
        holder, key = chance.choice(holders)
        with contextlib.suppress(LookupError, TypeError):
            _change(holder, key, chance, holders)
    return data[:1] + json.dumps(tree[0] if tree else None).encode()


def _walk(value: Any, found: list[tuple[Any, Any]]) -> None:
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        found.append((value, key))
        if isinstance(value[key], dict | list):
            _walk(value[key], found)


_ODD = (
    None, True, "", 0, -1, 1e308, -1e-320, 2**70, 10**400, [], {}, [[]], "24:00", "\x1b]0;x\x07",
    "2025-11-02T01:00:00.000-04:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "NaN",
    "\ud800", "\u202e", "x" * 300, "7000", "04000", "\u0664\u0660\u0660\u0660",
)  # fmt: skip


def _change(holder: Any, key: Any, chance: random.Random, others: list[tuple[Any, Any]]) -> None:
    match chance.randrange(5):
        case 0:
            holder[key] = chance.choice(_ODD)
        case 1:
            del holder[key]
        case 2 if isinstance(holder, list):
            holder.insert(chance.randrange(len(holder) + 1), holder[key])
        case 2:
            holder[str(chance.choice(_ODD))[:20]] = holder[key]
        case 3:
            holder[key] = chance.choice(([holder[key]], {"x": holder[key]}, str(holder[key])))
        case _:
            other, name = chance.choice(others)
            holder[key] = json.loads(json.dumps(other[name]))


# public reports


_REPORTED = tuple(name for name in _NAMES if DATASETS[name].public_csv)


def read_report(data: bytes) -> None:
    number, body = split(data)
    dataset = DATASETS[_REPORTED[number % len(_REPORTED)]]
    with sentences():
        report_places.places_in(body)
    with sentences():
        csv_reports.read_columns(dataset, body)
    with sentences():
        examine(dataset, report_request(dataset.name), body)


def report_body(dataset: Dataset) -> bytes:
    path = f"/{dataset.csv_path(report_request(dataset.name))}"
    found = ReportFiles(synthetic()).answer(path, "isox_token=x", AT)
    assert found is not None
    return found.body


def report_seeds() -> list[bytes]:
    return [bytes([i]) + report_body(DATASETS[name]) for i, name in enumerate(_REPORTED)]


def mutate_lines(data: bytes, chance: random.Random) -> bytes:
    """Lines or cells of comma-separated text exchanged, removed or doubled."""
    lines = list(csv.reader(io.StringIO(data[1:].decode("utf-8", "replace"), newline="")))
    for _ in range(chance.choice((1, 1, 2, 8))):
        if not lines:
            return data[:1]
        row = chance.randrange(len(lines))
        match chance.randrange(5):
            case 0:
                del lines[row]
            case 1:
                lines.insert(chance.randrange(len(lines)), lines[row])
            case 2:
                other = chance.choice(lines)
                lines[row] = other[: len(other) // 2] + lines[row][len(other) // 2 :]
            case _ if lines[row]:
                cell = chance.randrange(len(lines[row]))
                lines[row][cell] = chance.choice((*map(str, _ODD), "02X", "0" * 50, "01/32/2025"))
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(lines)
    return data[:1] + text.getvalue().encode("utf-8", "replace")


# gzip


def read_packed(data: bytes) -> None:
    with sentences():
        body = gzipped.inflate(data)
        assert len(body) <= gzipped.LARGEST_RESPONSE
        assert gzip.decompress(data) == body
    with sentences():
        visit = browsing.Visit(sources.Source("reports", "http://127.0.0.1:9", page="page"))
        visit.require_report(data)


def packed_seeds() -> list[bytes]:
    bodies = [*(seed[1:4000] for seed in response_seeds() + report_seeds()), b"", b"x" * 70000]
    packed = [gzip.compress(body, 6, mtime=0) for body in bodies]
    return [*packed, packed[0] + packed[-2] + packed[1], packed[0] + bytes(9)]


# what a service says beside its body


def read_headers(data: bytes) -> None:
    text = data.decode("latin-1")
    first, _, rest = text.partition("\n")
    pairs = (line.partition(":")[::2] for line in rest.split("\n"))
    headers = CaseInsensitiveDict({name.strip(): value.strip() for name, value in pairs})
    status = int(first[:3]) if first[:3].isascii() and first[:3].isdigit() else 200
    wish = client_errors.retry_after(headers)
    assert wish is None or wish >= 0
    answer: Any = SimpleNamespace(status_code=status, headers=headers)
    with sentences():
        client_errors.check_status(answer, sources.Source("webservices", "http://127.0.0.1:9"))
        client_errors.check_headers(headers)


def header_seeds() -> list[bytes]:
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    return [
        text.encode()
        for text in (
            "429\nRetry-After: 120",
            f"503\nRetry-After: {date}\nDate: Wed, 21 Oct 2026 07:27:00 GMT",
            "429\nRetry-After: Wed, 21 Oct 2026 07:28:00 -0400",
            "429\nRetry-After: Wednesday, 21-Oct-26 07:28:00 EST",
            "200\nContent-Type: application/json; charset=utf-8\nContent-Encoding: gzip",
            "302\nLocation: https://example.org/login",
            f"429\nRetry-After: {'9' * 400}",
        )
    ]


# lists of locations, monthly averages


def read_lists(data: bytes) -> None:
    number, body = split(data)
    with sentences():
        if number % 2:
            averages.read_averages(body, 2025, 4000)
        else:
            found = location_list.read_locations(body)
            location_list._changes(found[1:], found[:-1])


def list_seeds() -> list[bytes]:
    months = synthetic().answer("lmpIndex/monthly/da/year/2025/location/4000", AT).body
    return [
        b"\0" + synthetic().answer("locations/all", AT).body,
        b"\0" + report_body(DATASETS["lmp_da_hourly"]),
        b"\1" + months,
    ]


# what lies in the data folder


def read_stored(data: bytes) -> None:
    number, content = split(data)
    store = Store(scratch() / "store")
    kinds: tuple[tuple[Path, Callable[[Path], object]], ...] = (
        (store.marker_path("lmp_da_hourly", "2024"), year_marker.read_manifest),
        (store.ledger_path("lmp_da_hourly", 2024), lambda _: _entries(store)),
        (status.plan_path(store), lambda _: summary(store)),
        (status.status_path(store, "isone_lmp_da_hourly_2024"), lambda _: _status(store)),
        (store.location_table_path, lambda _: report_places.learn_from(store)),
    )
    path, read = kinds[number % len(kinds)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    try:
        with sentences():
            read(path)
    finally:
        path.unlink()


def _entries(store: Store) -> None:
    for name, entry in store.read_ledger("lmp_da_hourly", 2024).items():
        assert name == entry.request


def _status(store: Store) -> None:
    plan = status.plan_path(store)
    plan.parent.mkdir(parents=True, exist_ok=True)
    plan.write_bytes(_plan())
    summary(store, ended=True)
    plan.unlink()


def _plan() -> bytes:
    download = {"name": "isone_lmp_da_hourly_2024", "marker": "none", "what": "366 days"}
    download |= {"requests": 366, "complete": False}
    plan = {"source": "sandbox", "data_dir": "data", "log_dir": "logs", "downloads": [download]}
    return json.dumps(plan | {"remarks": [], "attempts": 3, "started": "2026-01-01"}).encode()


def stored_seeds() -> list[bytes]:
    entry = {"request": "20240101", "size": 3, "sha256": "ab", "rows": 24, "fetched": "2026-01-01"}
    entry |= {"source": "sandbox", "revision": "final", "missing": ["x"]}
    year = {"dataset": "lmp_da_hourly", "period": "2024", "first_day": "2024-01-01"}
    year |= {"last_day": "2024-12-31", "source": "sandbox", "synthetic_prices": True, "rows": 24}
    year |= {"gaps": [{"day": "2024-01-02", "reason": "x"}], "requests": [entry]}
    status = {"name": "isone_lmp_da_hourly_2024", "attempt": 1, "started": "2026-02-01 00:00:00"}
    status |= {"state": "failed", "days": 366, "days_done": 3, "requests_sent": 4, "log": "x.log"}
    status |= {"requests_left": 363, "requests_a_minute": 2.5, "done_at": "", "process": 1}
    status |= {"missing": {"2024-01-05": "the response lacks it"}, "message": "1 day missing"}
    seen = {"id": 4000, "name": ".H.INTERNAL_HUB", "type": "HUB", "area": None}
    seen |= {"first_seen": "2026-01-01", "last_seen": "2026-02-01"}
    lines = [json.dumps(entry), json.dumps(entry | {"request": "20240102"})]
    contents = [json.dumps(year).encode(), "\n".join(lines).encode(), _plan()]
    contents += [json.dumps(each).encode() for each in (status, status | {"state": "running"})]
    return [bytes([min(i, 3)]) + content for i, content in enumerate(contents)] + [
        b"\4" + json.dumps([seen]).encode()
    ]


# what a user writes


def read_config_file(data: bytes) -> None:
    path = scratch() / "config.yaml"
    path.write_bytes(data)
    before = Path.cwd()
    os.chdir(scratch())
    try:
        with sentences():
            settings.read_settings(settings.config_of_this_folder())
    finally:
        os.chdir(before)


def config_file_seeds() -> list[bytes]:
    text = (PROJECT / "config.yaml").read_text()
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nyears: [*b, *b]\n"
    defaults = msgspec.to_builtins(Config())
    keys = "".join(f"{key}: {yaml.safe_dump(value)}" for key, value in defaults.items())
    gaps = "accepted_flaws:\n  - {dataset: reserve_5min, day: 2024-06-01, reason: x}\n"
    return [each.encode() for each in (text, bomb, keys.replace("...\n", ""), gaps, "years: 2024")]


def read_config_words(data: bytes) -> None:
    """`--config key=value …` as Snakemake makes a mapping of it."""
    words = data.decode("utf-8", "replace").split("\n")
    with contextlib.suppress(Exception):  # Snakemake's own refusal
        config = parse_config(words)
        with sentences():
            settings.read_settings(config)
        return
    for word in words:
        key, _, value = word.partition("=")
        with sentences():
            settings.read_settings({key: value})


def parse_config(words: list[str]) -> dict[str, Any]:
    from snakemake.cli import parse_config as snakemakes

    found: dict[str, Any] = snakemakes(words)
    return found


def config_word_seeds() -> list[bytes]:
    examples = {
        "years": ("2024", "2019-2023", "2025 2024 2019-2023", "[2024, 2025]", "99999999999"),
        "locations": ("hubs", "4000,4008"),
        "through": ("2026-11-20",),
        "base_url": ("http://127.0.0.1:8080/api/v1.1", "http://[::1"),
        "database": ("postgresql://user@host/name",),
        "retry_delay": ("600", "nan", "1e400"),
        "data_dir": ("~/data",),
        "sandbox_faults": ("server-error:*/day/20240105*x2",),
        "accepted_flaws": ("[{dataset: reserve_5min, day: 2024-06-01, reason: x}]",),
    }
    seeds = [f"{key}={each}".encode() for key, values in examples.items() for each in values]
    return [*seeds, b"\n".join(seeds[:9])]


def read_downloads(data: bytes) -> None:
    path = scratch() / "downloads.json"
    path.write_bytes(data)
    with sentences():
        for download in custom.read_downloads(path):
            assert download.script.is_relative_to(PROJECT)
            assert "\0" not in "".join(download.command)


def download_seeds() -> list[bytes]:
    example = (PROJECT / "docs" / "example_downloads.json").read_bytes()
    return [example, b'[{"name":"a","script":"../a","args":["x",1],"stop_on_failure":true}]']


def mutate_bare_json(data: bytes, chance: random.Random) -> bytes:
    return mutate_json(b"\0" + data, chance)[1:]


def read_account(data: bytes) -> None:
    """A netrc file, after a line with the address that an account is looked for."""
    url, _, content = data.partition(b"\n")
    path = scratch() / "netrc"
    path.write_bytes(content)
    path.chmod(0o600)
    environ = {"NETRC": str(path)}
    with sentences():
        sources.find_credentials(url.decode("utf-8", "replace"), environ)
    with sentences():
        chosen = settings.read_settings({"base_url": url.decode("utf-8", "replace") or None})
        source = sources.webservices(chosen, environ)
        with Client(source, chosen.http):
            pass


def account_seeds() -> list[bytes]:
    host = b"webservices.iso-ne.com"
    entry = b"machine webservices.iso-ne.com login me password x\ndefault login a password b\n"
    urls = (b"https://" + host, b"http://[::1", b"http://127.0.0.1:8080/api/v1.1", b"http://a:x")
    return [*(url + b"\n" + entry for url in urls), b"https://h\nmacdef init\ncd\n\nmachine"]


def read_database(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    with sentences():
        settings.require_no_password(text)
        outputs.target_digest(text)


def database_seeds() -> list[bytes]:
    return [
        *(b"host='a\\' b' port=1", b"postgresql://a:1,[::1]:2/n?hostaddr=1.2.3.4", b"dbname='"),
        *(b"postgresql://user@host/name", b"postgresql://u@/db?host=/tmp&port=1", b"service=x"),
        *(b"host=a dbname='b c' user=d", b"postgres://u:secret@h/n", b"postgresql://[::1]:x/n"),
        b"postgresql://u@h/n?pass%77ord=x",
    ]


def read_workbook(data: bytes) -> None:
    path = scratch() / "smd.xlsx"
    path.write_bytes(data)
    with sentences():
        workbook.compare_workbook(path, {("da", 4000): {1698811200: 30.0}, ("rt", 4000): {}})


def workbook_seeds() -> list[bytes]:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.create_sheet("ISO NE CA")
    sheet.append(["Date", "Hr_End", "DA_LMP", "RT_LMP"])
    for label in ("01", "02", "02X", "24"):
        sheet.append([dt.datetime(2023, 11, 5), label, 30.5, 31])
    file = io.BytesIO()
    book.save(file)
    return [file.getvalue()]


def mutate_zip(data: bytes, chance: random.Random) -> bytes:
    """One member's text changed, and the archive closed again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:
        return data
    if not members:
        return data
    name = chance.choice(sorted(members))
    content = bytearray(members[name])
    for _ in range(chance.choice((1, 2, 8))):
        at = chance.randrange(len(content) + 1)
        odd = chance.choice((*map(str, _ODD), "&#0;", "<c t='d'>", 'r="XFD1048577"', "1e999"))
        content[at : at + chance.choice((0, 1, 4, 30))] = odd.encode("utf-8", "replace")
    members[name] = bytes(content)
    if chance.random() < 0.1:
        del members[chance.choice(sorted(members))]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return file.getvalue()


# the sandbox


@cache
def sandbox() -> Sandbox:
    """A sandbox that also has recorded responses, some of them damaged; nothing listens."""
    folder = scratch() / "recorded" / "api" / "v1.1"
    folder.mkdir(parents=True)
    (folder / "locations.json").write_text("{}")
    (folder / "broken.json.gz").write_bytes(b"\x1f\x8bno gzip")
    return Sandbox(nodes=0, today=AT.date(), replay=scratch() / "recorded")


def read_request(data: bytes) -> None:
    """A request's target, then its headers, and a fault's order, a line each."""
    lines = [*data.decode("latin-1").split("\n"), "", "", "", ""]
    target, accept, authorization, order = lines[:4]
    answered = sandbox().response(target, accept, authorization)
    assert answered.status in {200, 302, 400, 401, 403, 404, 405, 406, 429}, answered.status
    with sentences():
        read_order(order)


def request_seeds() -> list[bytes]:
    paths = [f"/api/v1.1/{DATASETS[name].request.url_path(request_of(name))}" for name in _NAMES]
    paths += [f"/{DATASETS[name].csv_path(report_request(name))}" for name in _REPORTED]
    paths += ["/api/v1.1/locations/all", "/api/v1.1/broken", "/api/v1.1/../../etc/passwd.json"]
    paths += ["/api/v1.1/lmpIndex/monthly/da/year/2025/location/4000", f"/{REPORTS_PAGE}", "//[x"]
    rest = "\napplication/json;q=0.5\nBasic YTpi\nserver-error:*/day/20240105*x2"
    return [f"{path}{rest}".encode() for path in paths]


TARGETS = {
    "responses": Target(read_response, response_seeds, mutate_json),
    "reports": Target(read_report, report_seeds, mutate_lines),
    "gzip": Target(read_packed, packed_seeds),
    "headers": Target(read_headers, header_seeds),
    "lists": Target(read_lists, list_seeds, mutate_json),
    "stored": Target(read_stored, stored_seeds, mutate_json),
    "config_file": Target(read_config_file, config_file_seeds),
    "config_words": Target(read_config_words, config_word_seeds),
    "downloads": Target(read_downloads, download_seeds, mutate_bare_json),
    "account": Target(read_account, account_seeds),
    "database": Target(read_database, database_seeds),
    "workbook": Target(read_workbook, workbook_seeds, mutate_zip),
    "sandbox": Target(read_request, request_seeds),
}
