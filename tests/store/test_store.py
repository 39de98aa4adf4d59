"""Files on disk: whole or not at all, and readable after whatever happened."""

import datetime as dt
import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from received import entry, received

from isone.errors import DownloadError, UsageError
from isone.market.requests import Request
from isone.store import lasting
from isone.store.files import make_folder, name_aside, sha256, write_whole, writing_whole
from isone.store.ledger import Entry
from isone.store.store import Store

DATASET = "lmp_da_hourly"
REQUESTS = [Request(DATASET, dt.date(2024, 1, day)) for day in range(1, 6)]


def stored(store: Store, request: Request, content: bytes) -> None:
    store.save_responses([received(store, request, content)])


def written_at_length(path: Path, content: bytes) -> None:
    with writing_whole(path) as file:
        file.write(content)


def aside_of(path: Path) -> str:
    return name_aside(path).name


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_stored_request_has_its_final_name_and_a_line(store: Store) -> None:
    stored(store, REQUESTS[0], b"content")
    assert store.raw_path(REQUESTS[0]).read_bytes() == b"content"
    assert not store.unvalidated_path(REQUESTS[0]).exists()
    assert store.read_ledger(DATASET, 2024) == {"20240101": entry(REQUESTS[0], b"content")}
    assert store.stored_requests(DATASET, 2024) == {"20240101"}


def test_the_newest_line_of_a_request_counts(store: Store) -> None:
    stored(store, REQUESTS[0], b"old")
    stored(store, REQUESTS[0], b"newer")
    assert store.read_ledger(DATASET, 2024)["20240101"].sha256 == sha256(b"newer")


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 2000), junk=st.binary(max_size=40))
def test_a_ledger_cut_off_anywhere_keeps_its_whole_lines_and_takes_new_ones(
    tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    for request in REQUESTS[:4]:
        stored(store, request, request.name.encode())
    ledger = store.ledger_path(DATASET, 2024)
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:cut] + junk)
    known = store.read_ledger(DATASET, 2024)
    assert len(known) >= whole[:cut].count(b"\n")
    assert set(known) <= {request.name for request in REQUESTS[:4]}
    stored(store, REQUESTS[4], b"the fifth")
    assert "20240105" in store.read_ledger(DATASET, 2024)
    assert set(known) <= set(store.read_ledger(DATASET, 2024))


@given(
    st.builds(
        Entry,
        request=st.sampled_from(("20240101", "20240101.4000.prelim", "20240201.month")),
        fetched=st.datetimes(
            dt.datetime(1970, 1, 1), dt.datetime(2199, 1, 1), timezones=st.just(dt.UTC)
        ).map(dt.datetime.isoformat),
        sha256=st.text(),
        size=st.integers(0, 2**53),
        rows=st.integers(0, 2**53),
        source=st.just("x"),
        revision=st.just("final"),
        missing=st.lists(st.text()).map(tuple),
    )
)
def test_an_entry_reads_back_as_it_was_written(made: Entry) -> None:
    line = msgspec.json.encode(made)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Entry) == made


def test_a_rejected_response_is_kept_with_its_reason(store: Store) -> None:
    make_folder(store.raw_dir(DATASET, 2024))
    store.unvalidated_path(REQUESTS[0]).write_bytes(b"wrong")
    kept = store.reject_response(
        REQUESTS[0], store.unvalidated_path(REQUESTS[0]), "components do not add up"
    )
    assert kept.read_bytes() == b"wrong"
    reason = kept.with_suffix(".txt").read_text()
    assert reason == "lmp_da_hourly 2024-01-01: components do not add up\n"


def test_a_file_is_replaced_in_one_step_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_whole(path, b"one", lasting=True)
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file"]  # noqa: PTH208 - the names as they are


@pytest.mark.parametrize("whole", [write_whole, written_at_length], ids=["at once", "at length"])
def test_what_a_killed_process_left_beside_a_file_is_removed_and_nothing_else(
    tmp_path: Path, whole: Callable[[Path, bytes], None]
) -> None:
    path = tmp_path / "file"
    gone, own, running = 999_999_999, os.getpid(), os.getppid()  # a number may come again
    here = aside_of(path).removeprefix(f".file.{own}")
    left = [f".file.{n}{here}" for n in (gone, own, 10**30)] + [f".file.{gone}{here}.wal"]
    kept = [f".file.{running}{here}", ".file.notes", f".other.{gone}{here}", f"file.{gone}{here}"]
    for name in (*left, *kept):
        (tmp_path / name).write_bytes(b"half, and longer than what follows")
    spilled = tmp_path / f".file.{gone}{here}.tmp"
    spilled.mkdir()
    (spilled / "block").touch()
    whole(path, b"new")
    assert {each.name for each in tmp_path.iterdir()} == {"file", *kept}
    assert path.read_bytes() == b"new"


def test_what_another_machine_is_writing_is_left_alone_until_a_week_has_passed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    recent = [".file.999999999-node7", f".file.{os.getpid()}-node7", ".file.999999999"]
    stale = [".file.999999999-node8", f".file.{os.getppid()}-node8", ".file.7-node8.wal"]
    kept = [".file.notes-node8", ".other.7-node8"]
    for name in (*recent, *stale, *kept):
        (tmp_path / name).write_bytes(b"half")
    spilled = tmp_path / ".file.7-node8.tmp"
    spilled.mkdir()
    a_week = 7 * 86400
    for name in (*recent, *stale, *kept, spilled.name):
        age = a_week - 60 if name in recent else a_week + 60
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    write_whole(path, b"new")
    assert {each.name for each in tmp_path.iterdir()} == {"file", *recent, *kept}


@pytest.mark.parametrize("clock", [-366 * 86400.0, 366 * 86400.0], ids=["behind", "ahead"])
def test_a_clock_that_is_a_year_wrong_takes_no_file_from_another_machine(
    clock: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / ".file.7-node7"
    written.touch()
    wrong = time.time() + clock
    monkeypatch.setattr(time, "time", lambda: wrong)
    write_whole(tmp_path / "file", b"new")
    assert written.exists()


@pytest.mark.parametrize(
    "host", ["node-17", "node17.example.org", "kürbis/../x", "x" * 64, "x" * 63 + "y", "", "..."]
)
def test_whatever_a_machine_is_called_its_name_fits_into_that_of_a_file(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "2026.through-20261120.parquet"
    ours = aside_of(path)
    monkeypatch.setattr("isone.store.files.this_host", lambda: host)
    theirs = aside_of(path)
    assert theirs != ours
    assert len(theirs) < 100
    assert "/" not in theirs
    (tmp_path / f"{theirs}.wal").touch()
    write_whole(path, b"new")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_every_new_folder_is_synced_into_the_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr("isone.store.files.sync", lambda folder: synced.append(folder.name))
    make_folder(tmp_path / "raw" / "x" / "2024")
    assert set(synced) == {"x", "raw", tmp_path.name}


def test_a_file_where_a_folder_has_to_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("")
    with pytest.raises(UsageError, match="cannot make the folder .*raw"):
        make_folder(tmp_path / "raw" / "x")


def test_only_one_downloader_holds_a_folder_and_the_other_is_told_who(store: Store) -> None:
    with store.sole_downloader("isone_first"):
        sentence = rf"isone_first \(process {os.getpid()}, since .*\) is downloading into"
        with pytest.raises(DownloadError, match=sentence), store.sole_downloader("isone_second"):
            pass
    with store.sole_downloader("isone_second"):
        pass


# file systems that cannot do everything


def cannot(error: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let folders not be synced, and nothing be locked, as on SMB and some in user space."""
    fsync = os.fsync

    def refuse_folder(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(error, os.strerror(error))
        fsync(descriptor)

    def refuse(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", refuse_folder)
    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.parametrize("error", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS], ids=os.strerror)
def test_where_folders_cannot_be_synced_nor_files_locked_everything_is_stored(
    error: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lasting.cannot_promise(store.root / "not there yet") == []
    cannot(error, monkeypatch)
    with store.sole_downloader("mine"):
        stored(store, REQUESTS[0], b"content")
        write_whole(store.root / "new" / "file", b"whole")
    assert store.read_ledger(DATASET, 2024) == {"20240101": entry(REQUESTS[0], b"content")}
    no_sync, no_locks = lasting.cannot_promise(store.root / "not there yet")
    assert no_sync.startswith(f"the file system of {store.root} cannot tell when a new name is on")
    assert "has no locks: nothing keeps a second download out of it, so start only o" in no_locks
    assert [path.name for path in store.root.iterdir() if path.name.startswith(".")] == [
        ".downloading"
    ]


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=os.strerror)
def test_a_folder_whose_sync_fails_for_once_is_an_error(
    error: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot(error, monkeypatch)
    with pytest.raises(OSError, match=os.strerror(error)):
        write_whole(store.root / "file", b"whole")


def test_a_file_that_cannot_be_synced_is_an_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Invalid argument"):
        write_whole(store.root / "file", b"whole")
