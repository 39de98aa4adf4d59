import datetime as dt
from collections.abc import Iterator

import pytest
from running import SERVICE

from isone.download.client import Client
from isone.run.settings import read_settings
from isone.run.sources import Source, open_service
from isone.sandbox import Sandbox

TODAY = dt.date(2026, 6, 15)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(nodes=2, today=TODAY, server_name=SERVICE) as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """The waits of the client, which does not wait in tests."""
    return []


@pytest.fixture
def public(sandbox: Sandbox, waits: list[float]) -> Iterator[Client]:
    """A client of the public reports."""
    settings = read_settings({"source": "reports", "base_url": sandbox.reports_url})
    with Client(open_service(settings), settings.http, sleep=waits.append) as client:
        yield client


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Client]:
    """A client of the web services of the same sandbox."""
    with Client(Source("webservices", sandbox.url), read_settings({}).http) as client:
        yield client
