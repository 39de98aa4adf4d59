import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from torture import servers
from torture.faults.rig import DAYS, TODAY, Rig

from isone.sandbox import Sandbox
from isone.store.store import Store


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(nodes=2, today=TODAY, hold=0.9, retry_after=7) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Iterator[Sandbox]:
    """A sandbox with an empty log in which nothing goes wrong yet."""
    server.faults.clear()
    server._log.clear()
    yield server
    server.faults.clear()


@pytest.fixture
def rig(sandbox: Sandbox, tmp_path: Path) -> Rig:
    return Rig(sandbox.url, Store(tmp_path / "data"))


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, str]]:
    """What an undisturbed download of DAYS stores, by dataset."""
    had: dict[str, dict[str, str]] = {}

    def stored(dataset: str = "lmp_da_hourly") -> dict[str, str]:
        if dataset not in had:
            with Sandbox(nodes=2, today=TODAY) as quiet:
                calm = Rig(quiet.url, Store(tmp_path_factory.mktemp("undisturbed")))
                calm.bring(DAYS, dataset)
                had[dataset] = calm.stored(dataset)
        return had[dataset]

    return stored


@pytest.fixture
def one_response(sandbox: Sandbox) -> Callable[[dt.date], bytes]:
    """The bytes of a right response for a day, as the service sends them."""
    import requests

    def get(day: dt.date) -> bytes:
        with requests.get(
            f"{sandbox.url}/hourlylmp/da/final/day/{day:%Y%m%d}",
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
            stream=True,
            timeout=5,
        ) as response:
            return bytes(response.raw.read(decode_content=False))

    return get


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a self-signed certificate, key and all in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make certificates with")
    return partial(servers.certificate, tmp_path_factory.mktemp("certificates"))
