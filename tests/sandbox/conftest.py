import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from isone.sandbox import Sandbox

TODAY = dt.date(2026, 6, 15)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "isone"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for every test that changes nothing about it."""
    with Sandbox(nodes=5, today=TODAY) as running:
        yield running


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        opened.headers["Accept"] = "application/json"
        yield opened


@pytest.fixture(scope="session")
def get(sandbox: Sandbox, session: requests.Session) -> Callable[[str], Any]:
    """Ask the sandbox for a path and read the JSON."""

    def ask(path: str) -> Any:
        response = session.get(f"{sandbox.url}/{path}", timeout=60)
        assert response.status_code == 200, (path, response.status_code)
        return response.json()

    return ask


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the reference material {SHARED} is not here")
    return SHARED
