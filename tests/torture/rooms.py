"""Packing and loading: what their jobs work on, and what must lie there whatever is done to them.

A job finds an old table or database under the final name, made of one location only, and is to put
the new one, of all of them, in its place. At any moment the one or the other lies there, whole.
"""

import contextlib
import datetime as dt
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from running import run_script
from torture import contents
from torture.machine import Nothing, Violation, fork, in_child, leftovers, require, wait

from isone.run import status
from isone.store.files import sha256
from isone.store.store import Store

SETS = ("lmp_da_hourly", "reserve_hourly", "regulation_hourly")
PACK, LOAD = "pack", "load"
OLD, NEW = "old", "new"
_FEWER = [4000]
_MOST_LEFT = 4
"""What a killed attempt may leave aside: what it was writing, with DuckDB's log and its overflow,
and its status file."""


@dataclass
class RoomJob:
    """A job that packs a dataset-year or loads all of them, each attempt in its own process."""

    room: str
    home: Path
    dataset: str
    period: str
    config: dict[str, Any] = field(default_factory=dict)
    before: Nothing = lambda: None
    """What the attempt's process does first."""

    @property
    def store(self) -> Store:
        return Store(self.home / "data" / "sandbox")

    @property
    def target(self) -> Path:
        """What the job is to replace."""
        if self.room == LOAD:
            return self.store.root / "isone.duckdb"
        return self.store.parquet_path(self.dataset, self.period)

    @property
    def marker(self) -> Path:
        return self.store.root / "loaded" / "isone.duckdb.json"

    def start(self) -> int:
        """Begin an attempt; returns its process."""
        return fork(self._attempt, self.home / "traceback.txt")

    def _attempt(self) -> int:
        self.before()
        config = {
            "years": 2024,
            "source": "sandbox",
            "data_dir": str(self.home / "data"),
            "log_dir": str(self.home / "logs"),
        }
        config |= self.config
        if self.room == LOAD:
            return run_script("load_duckdb", config)
        year = {"dataset": self.dataset, "period": self.period}
        return run_script("pack_prices", config, **year)

    def finish(self) -> None:
        """An attempt with nothing done to it, which must succeed."""
        self.before = lambda: None
        code = wait(self.start())
        require(code == 0, f"{self.room} ended with {code} undisturbed: {self.words}")

    @property
    def words(self) -> str:
        """What the newest attempt said in the end."""
        name = f"pack_{self.dataset}_{self.period}" if self.room == PACK else "load_duckdb"
        with contextlib.suppress(OSError, ValueError, KeyError):
            return str(json.loads(status.status_path(self.store, name).read_text())["message"])
        return ""

    def require_sentence(self, code: int) -> None:
        """An attempt that could not do its work has said so, in a sentence."""
        require(code in {1, 2}, f"exit code {code}: {self.traceback}")
        require("fault of the program" not in self.words, self.words)

    @property
    def traceback(self) -> str:
        path = self.home / "traceback.txt"
        return path.read_text() if path.exists() else ""


@dataclass
class Prepared:
    """Complete years, and the tables that undisturbed jobs make of them, the old and the new."""

    store: Store
    """Where the years lie; it is only read."""
    folder: Path
    days: int
    sets: tuple[str, ...] = SETS
    """The datasets whose years are looked at."""
    _seen: dict[str, str] = field(default_factory=dict)

    @property
    def period(self) -> str:
        last = dt.date(2024, 1, 1) + dt.timedelta(days=self.days - 1)
        return "2024" if self.days == 366 else f"2024.through-{last:%Y%m%d}"

    def prepare(self, *versions: str) -> "Prepared":
        """Make the old and the new tables, or of these versions only."""
        for version in versions or (OLD, NEW):
            home = self.folder / version
            self._lay_out(home)
            config = {"locations": _FEWER} if version == OLD else {}
            for dataset in self.sets:
                RoomJob(PACK, home, dataset, self.period, config).finish()
            RoomJob(LOAD, home, "", "").finish()
        return self

    def job(self, room: str, home: Path, dataset: str, *, copied: bool = False) -> RoomJob:
        """A job in a folder of its own, with the old one's work in the place of its own.

        `copied` are then the responses too, else they are the prepared ones.
        """
        self._lay_out(home, copied=copied)
        job = RoomJob(room, home, dataset, self.period)
        version = OLD if room == PACK else NEW
        for name in ("parquet", "packed"):
            shutil.copytree(self._made(version) / name, job.store.root / name)
        self.put_back(job)
        return job

    def put_back(self, job: RoomJob) -> None:
        """Put the old work in the place of the new."""
        made = self._made(OLD)
        shutil.copy(made / job.target.relative_to(job.store.root), job.target)
        if job.room == LOAD:
            job.marker.parent.mkdir(exist_ok=True)
            shutil.copy(made / job.marker.relative_to(job.store.root), job.marker)

    def require_whole(self, job: RoomJob) -> str:
        """What must hold at any moment; says which version lies there."""
        version = self._version(job)
        require(version in (OLD, NEW), f"{job.target.name} of {job.dataset} is {version}")
        if job.room == LOAD:
            noted = self._noted(job.marker)
            known = {each: self._noted(self._made(each) / "loaded/isone.duckdb.json")
                     for each in (OLD, NEW)}  # fmt: skip
            require(noted in known.values(), f"the marker is half: {noted}")
            require(noted == known[OLD] or version == NEW, "the marker is there too early")
        left = leftovers(job.home)
        require(len(left) <= _MOST_LEFT, f"left behind: {left}")
        return version

    def require_done(self, job: RoomJob) -> None:
        """What must hold when an attempt has succeeded."""
        whole = self.require_whole(job)
        same = self._digest(job.target) == self._digest_of(job, NEW)
        require(same, f"the exit code is 0, and {job.target.name} is the {whole} one")
        left = leftovers(job.home)
        require(not left, f"left behind by attempts that were killed: {left}")

    def require_same_tables(self, store: Store, dataset: str) -> None:
        """Pack and load what another download brought; the rows must be those of the undisturbed.

        The prepared years must be of this dataset alone.
        """
        home = store.root.parent.parent
        RoomJob(PACK, home, dataset, self.period).finish()
        RoomJob(LOAD, home, "", "").finish()
        for name in (f"parquet/{dataset}/{self.period}.parquet", "isone.duckdb"):
            came, right = (self._rows(root / name) for root in (store.root, self._made(NEW)))
            require(came == right, f"{name} of {dataset} has other rows than the undisturbed run's")

    def _lay_out(self, home: Path, *, copied: bool = False) -> None:
        root = home / "data" / "sandbox"
        root.mkdir(parents=True)
        for name in (f"{what}/{each}" for what in ("raw", "complete") for each in self.sets):
            (root / name).parent.mkdir(exist_ok=True)
            if copied:
                shutil.copytree(self.store.root / name, root / name)
            else:
                (root / name).symlink_to(self.store.root / name)

    def _made(self, version: str) -> Path:
        return self.folder / version / "data" / "sandbox"

    def _version(self, job: RoomJob) -> str:
        if not job.target.exists():
            return "gone"
        digest = self._digest(job.target)
        if digest == self._digest_of(job, NEW):  # the same as the old one for some datasets
            return NEW
        return OLD if digest == self._digest_of(job, OLD) else f"neither whole: {digest[:200]}"

    def _digest_of(self, job: RoomJob, version: str) -> str:
        return self._digest(self._made(version) / job.target.relative_to(job.store.root))

    def _digest(self, path: Path) -> str:
        """Of a Parquet file that of its bytes, of a database that of its rows."""
        digest = sha256(path.read_bytes())
        return self._rows(path, digest) if path.suffix == ".duckdb" else digest

    def _rows(self, path: Path, digest: str = "") -> str:
        digest = digest or sha256(path.read_bytes())
        if digest not in self._seen:
            read = contents.database if path.suffix == ".duckdb" else contents.parquet
            try:
                self._seen[digest] = json.dumps(in_child(lambda: read(path)))
            except Violation as unreadable:
                self._seen[digest] = str(unreadable)
        return self._seen[digest]

    def _noted(self, marker: Path) -> Any:
        try:
            noted = json.loads(marker.read_bytes())
            return noted["made_from"], noted["rows"]
        except (OSError, ValueError, KeyError) as error:
            return repr(error)
