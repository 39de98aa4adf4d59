"""How the client asks the public host: headers, cookie, blocks, days without a report."""

import datetime as dt
import gzip

import pytest

from isone.download.browsing import Visit
from isone.download.client import Client
from isone.errors import DownloadError, NoDataError, StopRunError, TransientError
from isone.market.datasets import DATASETS, REPORTS_PAGE
from isone.market.requests import Request
from isone.response.table import read_table
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store import gzipped

DAY = dt.date(2025, 7, 15)
STATIC = DATASETS["lmp_da_hourly"].csv_path(Request("lmp_da_hourly", DAY))
ON_REQUEST = DATASETS["reserve_5min"].csv_path(Request("reserve_5min", DAY))


def asked(sandbox: Sandbox) -> list[str]:
    return [request.path.lstrip("/") for request in sandbox.requests]


def test_a_static_report_needs_no_cookie(sandbox: Sandbox, public: Client) -> None:
    assert gzipped.inflate(public.fetch(STATIC)).startswith(b'"C"')
    assert asked(sandbox) == [STATIC]


def test_a_report_made_on_request_is_asked_for_after_the_page_with_the_cookie_once(
    sandbox: Sandbox, public: Client
) -> None:
    public.fetch(ON_REQUEST)
    public.fetch(ON_REQUEST)
    assert asked(sandbox) == [REPORTS_PAGE, ON_REQUEST, ON_REQUEST]


def test_a_rejected_static_report_is_asked_for_again_with_a_cookie(
    sandbox: Sandbox, public: Client
) -> None:
    sandbox.faults.add("forbidden:*WW_DALMP*x1")
    assert gzipped.inflate(public.fetch(STATIC)).startswith(b'"C"')
    assert asked(sandbox) == [STATIC, REPORTS_PAGE, STATIC]


def test_a_host_that_refuses_even_with_its_cookie_stops_the_run(
    sandbox: Sandbox, public: Client
) -> None:
    sandbox.faults.add("forbidden:*WW_DALMP*")
    with pytest.raises(StopRunError, match="blocks this address"):
        public.fetch(STATIC)
    assert len(sandbox.requests) == 3


def test_a_page_in_place_of_a_report_is_waited_out(
    sandbox: Sandbox, public: Client, waits: list[float]
) -> None:
    sandbox.faults.add("html:*WW_DALMP*x2")
    assert gzipped.inflate(public.fetch(STATIC)).startswith(b'"C"')
    assert len(waits) == 2


def test_a_page_for_ever_ends_in_a_sentence(sandbox: Sandbox, public: Client) -> None:
    sandbox.faults.add("html:*WW_DALMP*")
    with pytest.raises(DownloadError, match="sent a page instead of the report"):
        public.fetch(STATIC)


def test_a_day_without_a_report_is_a_day_without_data(public: Client) -> None:
    dataset = DATASETS["lmp_da_hourly"]
    path = dataset.csv_path(Request("lmp_da_hourly", dt.date(2026, 7, 1)))
    body = gzipped.inflate(public.fetch(path))
    assert body == b"No data exists for this period."
    with pytest.raises(NoDataError, match="no report is published for that day"):
        read_table(dataset, body)


def test_a_busy_host_is_waited_for(sandbox: Sandbox, public: Client, waits: list[float]) -> None:
    sandbox.faults.add("server-error:*WW_DALMP*x3")
    public.fetch(STATIC)
    assert len(waits) == 3


@pytest.mark.parametrize("first", [b"", b'"', b'"C","A report'])
def test_a_report_in_several_members_of_gzip_is_known_by_its_beginning(first: bytes) -> None:
    visit = Visit(Source("reports", "http://127.0.0.1:9", page="page"))
    whole = b'"C","A report"\r\n"T","0 lines"\r\n'
    packed = gzip.compress(first) + gzip.compress(whole.removeprefix(first)) + bytes(8)
    assert visit.require_report(packed) == packed
    with pytest.raises(TransientError, match="sent a page instead of the report"):
        visit.require_report(gzip.compress(b"") + gzip.compress(b"<html>"))
