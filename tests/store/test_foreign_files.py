"""Markers, ledgers and lists in the data folder that somebody else has made, or changed.

Each value in them is replaced by what it cannot be. Then either the file is called damaged, in one
printable line, or whoever reads it can work with it.
"""

import contextlib
import datetime as dt
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from filled import fill, settings_for

from isone.audit.verify import marker as audited
from isone.audit.verify.verdict import Damage, Verdict, read_verdict, table, write_verdict
from isone.download.client import Client
from isone.download.downloader import Downloader
from isone.errors import DamagedError, DownloadError, UsageError
from isone.load import history
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.pack.year import pack_year
from isone.report import coverage, outputs, quality
from isone.run import complete, missing
from isone.run.dataset_year import DatasetYear
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store import files, location_table, markers
from isone.store.location_table import Seen
from isone.store.store import Store
from isone.store.year_marker import read_manifest

NAME, PERIOD = "regulation_hourly", "2024.through-20240102"
ESCAPE = "\x1b]0;owned\x07\u202e<script>"
VALUES = (
    *("../../../outside", ESCAPE, "", "9999-99-99", "0000-00-00", "20249999", "x" * 10_000),
    *("2024-01-01T00:00:00", "0001-01-01", "9999-12-31", "99991231", "20240101/../../x"),
    *(10**30, 2**63, 2**53 + 1, -1, 0, 1.5, True, None, [], {}, [[[[]]]], {"a": {"b": [{}]}}),
)
Path_ = tuple[Any, ...]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("whole") / "sandbox")
    fill(store, [NAME], "2024-01-01", "2024-01-02", locations="all")
    location_table.write_table(
        store, [Seen(4000, "A", "HUB", None, "2024-01-01", "2024-01-02", "2024-01-03")]
    )
    marker = store.marker_path(NAME, PERIOD)
    manifest = json.loads(marker.read_bytes())
    manifest["gaps"] = [{"day": "2024-01-02", "reason": "none", "nothing_published": False}]
    manifest["flaws"] = [{"day": "2024-01-02", "flaw": "sum", "what": "a row", "reason": "known"}]
    marker.write_text(json.dumps(manifest))
    return store


@pytest.fixture
def store(whole: Store, tmp_path: Path) -> Store:
    return Store(Path(shutil.copytree(whole.root, tmp_path / "sandbox")))


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The way to each value, of a list to its first."""
    if path:
        yield path
    inside = list(enumerate(value[:1])) if isinstance(value, list) else []
    for key, each in value.items() if isinstance(value, dict) else inside:
        yield from places(each, (*path, key))


def altered(content: Any, path: Path_, value: Any) -> Any:
    content = json.loads(json.dumps(content))
    level = content
    for key in path[:-1]:
        level = level[key]
    level[path[-1]] = value
    return content


def every_change(content: Any) -> Iterator[Any]:
    for path in places(content):
        for value in VALUES:
            yield altered(content, path, value)


def in_a_sentence(read: Callable[[], Any], *errors: type[Exception]) -> bool:
    """Whether a reader takes it; if not, it has to say so in one printable line."""
    try:
        read()
    except errors as error:
        assert str(error).isprintable()
        return False
    return True


def on_the_page(store: Store) -> None:
    """What the page makes of the store alone."""
    settings = settings_for(store, years=2024)
    nothing = pa.table({"dataset": pa.array([], pa.string())})
    assert coverage.examine(store, settings, nothing, market_time.now())


def test_whatever_a_marker_says_it_is_damaged_or_every_reader_can_work_with_it(
    store: Store,
) -> None:
    path = store.marker_path(NAME, PERIOD)
    settings = settings_for(store, years=2024, services="regulation", data_types="as")
    taken = damaged = 0
    for content in every_change(json.loads(path.read_bytes())):
        path.write_text(json.dumps(content))
        if not in_a_sentence(lambda: read_manifest(path), DamagedError):
            damaged += 1
            continue
        on_the_page(store)
        taken += 1
        manifest = read_manifest(path)
        history.days_of(manifest)
        list(audited.find_damage(DATASETS[NAME], PERIOD, manifest))
        assert all(note.isprintable() for note in audited.notes(manifest))
        complete.drop_stale(store, settings)
    assert damaged > 300
    assert taken > 50


def test_a_damaged_marker_is_named_on_the_page(store: Store) -> None:
    path = store.marker_path(NAME, PERIOD)
    path.write_text(path.read_text().replace("2024-01-01", "2024-99-99"))
    assert str(path) in " ".join(quality.examine(store).remarks)
    on_the_page(store)


def test_a_line_of_a_ledger_with_what_cannot_be_counts_as_none(store: Store) -> None:
    path = store.ledger_path(NAME, 2024)
    first, *others = path.read_bytes().splitlines()
    job = DatasetYear.of_period(NAME, PERIOD, "all")
    settings = settings_for(store, years=2024)
    for content in every_change(json.loads(first)):
        path.write_bytes(b"\n".join([json.dumps(content).encode(), *others, b""]))
        known = store.read_ledger(NAME, 2024)
        assert len(known) in {len(others), len(others) + 1}
        missing.requests_left(store, job, settings)
        on_the_page(store)


def test_a_table_of_locations_with_what_cannot_be_is_called_damaged(store: Store) -> None:
    path = store.location_table_path
    for content in every_change(json.loads(path.read_bytes())):
        path.write_text(json.dumps(content))
        if in_a_sentence(lambda: location_table.read_table(store), UsageError):
            for row in history.listed_locations(store):
                assert 0 <= row[0] < 2**31
                assert str(row[1]).isprintable()


@pytest.mark.parametrize(
    "name",
    ["2024.through-20249999", "2024.through-20230101", "0000", "9999", "2024.through-99991231"],
)
def test_a_marker_with_the_name_of_no_period_is_none(store: Store, name: str) -> None:
    marker = store.marker_path(NAME, PERIOD)
    shutil.copy(marker, marker.with_name(f"{name}.json"))
    assert store.marker_periods(NAME) == [PERIOD]


@pytest.mark.parametrize("name", ["0000", "9999", "2199"])
def test_a_folder_of_no_year_is_none(store: Store, name: str) -> None:
    (store.root / "raw" / NAME / name).mkdir()
    on_the_page(store)
    assert store.downloaded_years() == [(NAME, 2024)]


def test_a_verdict_with_what_cannot_be_is_called_damaged(store: Store) -> None:
    damage = Damage("raw", "its digest is another", "2024-01-02", "20240102")
    verdict = Verdict(NAME, PERIOD, "damaged", "2024-02-01T00:00:00+00:00", damage=(damage,))
    path = write_verdict(store, verdict)
    for content in every_change(json.loads(path.read_bytes())):
        path.write_text(json.dumps(content))
        if in_a_sentence(lambda: read_verdict(path), DamagedError):
            assert table([read_verdict(path)]).replace("\n", "").isprintable()
        on_the_page(store)


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_what_never_ends(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as it, contextlib.chdir(path.parent):
        it.bind(path.name)  # a whole path may be too long


@pytest.fixture(params=[make_pipe, link_to_what_never_ends, make_socket, Path.mkdir])
def put_there(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Put in a file's place what is none: reading it would wait, or go on, for ever."""

    def put(path: Path) -> None:
        path.unlink()
        request.param(path)

    return put


def is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def test_what_is_no_file_in_a_markers_place_is_removed_or_the_folder_named(
    store: Store, put_there: Callable[[Path], None]
) -> None:
    path = store.marker_path(NAME, PERIOD)
    put_there(path)
    with pytest.raises(DamagedError, match="is no file"):
        read_manifest(path)
    assert markers.read(path) is None
    on_the_page(store)
    assert markers.digest(path) == ""
    settings = settings_for(store, years=2024, services="regulation-hourly", data_types="as")
    if is_folder(path):
        with pytest.raises(UsageError, match="is a folder, and has the name of a file; remove it"):
            complete.drop_stale(store, settings)
    else:
        assert "its marker cannot be read" in " ".join(complete.drop_stale(store, settings))
        assert not path.exists()


def test_what_is_no_file_in_a_ledgers_place_is_named(
    store: Store, put_there: Callable[[Path], None]
) -> None:
    path = store.ledger_path(NAME, 2024)
    put_there(path)
    with pytest.raises(DamagedError, match=f"{path} is no file, and has the name of a ledger"):
        store.read_ledger(NAME, 2024)


def test_what_is_no_file_in_a_responses_place_is_damaged(
    store: Store, put_there: Callable[[Path], None]
) -> None:
    put_there(store.raw_path(Request(NAME, dt.date(2024, 1, 2))))
    assert len(store.read_ledger(NAME, 2024)) == 1
    with pytest.raises(DamagedError, match="2024-01-02: .* is not there"):
        pack_year(store, NAME, PERIOD)


def test_what_is_no_file_in_a_responses_place_is_put_aside_and_asked_for_again(
    store: Store, put_there: Callable[[Path], None]
) -> None:
    request = Request(NAME, dt.date(2024, 1, 2))
    put_there(store.raw_path(request))
    policy = settings_for(store, years=2024).http
    with Sandbox() as service, Client(Source("sandbox", service.url), policy) as client:
        outcome = Downloader(store, client, DATASETS[NAME]).bring([request.day], "all")
        assert client.requests_sent == 1
    assert not outcome.missing
    assert store.raw_path(request).is_file()
    assert len(store.read_ledger(NAME, 2024)) == 2


def test_what_is_no_file_in_any_other_place_is_damaged_too(
    store: Store, put_there: Callable[[Path], None]
) -> None:
    verdict = write_verdict(store, Verdict(NAME, PERIOD, "ok", "2024-02-01T00:00:00+00:00"))
    for path in (store.location_table_path, verdict):
        put_there(path)
    with pytest.raises(UsageError, match="is damaged .*is no file"):
        location_table.read_table(store)
    with pytest.raises(DamagedError, match="is no verdict .*is no file"):
        read_verdict(verdict)
    assert outputs.made_from_of_page(store)["checks"]
    on_the_page(store)


def test_a_file_is_written_over_no_pipe_that_nobody_reads(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device or address"):
        files.write_own(tmp_path / "pipe", b"1")


def test_a_lock_file_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / ".downloading"
    path.write_bytes(b"\xff\xfe\x1b[2J" + b"x" * 10_000)
    with files.open_own(path, "a+b") as lock:
        assert files.try_lock(lock.fileno())
        with pytest.raises(DownloadError) as found, files.locked(path, "another"):
            pass
    assert str(found.value).isprintable()
    assert len(str(found.value)) < 1_000
