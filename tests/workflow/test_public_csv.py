"""The whole workflow on public reports, and the web services after them."""

import json
from pathlib import Path

import pytest
from running import SERVICE, Snakemake

from isone.sandbox import Sandbox

pytestmark = pytest.mark.workflow


def test_a_run_on_public_reports_is_validated_and_leaves_nothing_for_the_web_services(
    workflow: Path, snakemake: Snakemake
) -> None:
    days = ("years=2024", "through=2024-01-02", "retry_delay=0")
    with Sandbox(nodes=1, server_name=SERVICE) as sandbox:
        done = snakemake(*days, "source=reports", f"base_url={sandbox.reports_url}")
        assert done.returncode == 0, done.stdout
        asked = len(sandbox.requests)
        account = ("source=webservices", f"base_url={sandbox.url}")
        again = snakemake(*days, *account, "services=reserves", options=("-n",))
    assert "Note: regulation_5min is in no public CSV report and is left out" in done.stdout
    assert "Requests left to send: 16\n" in done.stdout
    assert asked == 2 * (1 + 6 + 1) + 1, "and the page that hands out the cookie, once"
    assert "Requests left to send: 0\n" in again.stdout
    folder = workflow / "data" / "raw" / "lmp_rt_5min" / "2024"
    assert len(list(folder.glob("2024*.b*.csv.gz"))) == 12
    marker = workflow / "data" / "complete" / "lmp_rt_5min" / "2024.through-20240102.json"
    manifest = json.loads(marker.read_text())
    assert {request["source"] for request in manifest["requests"]} == {"reports"}
    assert manifest["rows"] == 2 * 288 * 17
