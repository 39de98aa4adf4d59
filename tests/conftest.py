"""What the tests share: the project's folder, a folder of its own for each workflow, real input."""

import atexit
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import hypothesis
import pytest
from forked import Starter
from postgres_server import Server, running_server
from running import PROJECT, Snakemake, run_workflow
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# No test is timed: a busy machine takes more than the usual 200 ms over an example now and then.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

# Started in the background, this process ignores Ctrl-C, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A worker ends without taking apart what it has loaded, of which DuckDB says that it leaked.
if "PYTEST_XDIST_WORKER" in os.environ:
    atexit.register(os._exit, 0)

# What is compiled once need not be by each worker, each run, and each of its jobs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What is stored is made to last, and a test would wait for the disk each time; not for memory.
_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it
if _MEMORY.is_dir() and "TMPDIR" not in os.environ:
    _there = os.statvfs(_MEMORY)
    if _there.f_bavail * _there.f_frsize > 2 << 30 and not _there.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # what it found before no longer counts

SHARED = PROJECT.parent / "shared" / "isone"
_CREDENTIALS = ("ISONE_USERNAME", "ISONE_PASSWORD", "ISONE_API_USERNAME", "ISONE_API_PASSWORD")


class _Together(LoadFileScheduling):
    """Has a file's tests in one worker, and a folder's whose files share what is long to make."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """What a test is run together with, a file or a folder."""
    folders = ("tests/load/", "tests/report/")
    return next(filter(nodeid.startswith, folders), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Have all that share a store, a database or a page in one worker, which makes it once."""
    return _Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes longest come first, so that all workers end together."""
    seconds: Counter[str] = Counter()
    for item in items:
        slow, is_workflow = (item.get_closest_marker(name) for name in ("slow", "workflow"))
        takes = slow.args[0] if slow else 2.5 if is_workflow else 0.5
        seconds[together(item.nodeid)] += takes
    items.sort(key=lambda item: -seconds[together(item.nodeid)])


@pytest.fixture(scope="session")
def explain() -> Path:
    """The folder of recorded responses of what explains prices; without it a test is skipped."""
    folder = SHARED / "examples" / "explain"
    if not folder.is_dir():
        pytest.skip(f"the recorded responses {folder} are not here")
    return folder


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the credentials of whoever runs it."""
    for name in (*_CREDENTIALS, "ISONE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(PROJECT / "tests" / "no-netrc"))


@pytest.fixture
def replay_folder() -> Path:
    """Recorded responses with ISO-NE's real prices; not part of the project."""
    folder = SHARED / "replay"
    if not folder.exists():
        pytest.skip(f"no recorded responses at {folder}")
    return folder


@pytest.fixture
def examples_folder() -> Path:
    """Real examples of responses; not part of the project."""
    folder = SHARED / "examples"
    if not folder.exists():
        pytest.skip(f"no examples at {folder}")
    return folder


@pytest.fixture
def cases_folder() -> Path:
    """Inputs that failed once, and the right answers; not part of the project."""
    folder = SHARED.parent / "cases"
    if not folder.exists():
        pytest.skip(f"no cases at {folder}")
    return folder


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    """An empty working folder with the project's config.yaml, for whole workflow runs."""
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(PROJECT / "config.yaml", folder)
    return folder


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    """What begins programs without their imports' time."""
    with Starter() as started:
        yield started


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL; whoever needs an empty database makes one of a name of its own."""
    with running_server() as started:
        yield started


@pytest.fixture
def snakemake(starter: Starter, workflow: Path) -> Snakemake:
    """Run the workflow in its folder: `snakemake("years=2024", options=("-n",))`."""
    return partial(run_workflow, starter, workflow)
