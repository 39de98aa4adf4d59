from pathlib import Path

import pytest
from running import Snakemake

from isone.sandbox import Sandbox

CHOICE = ("source=sandbox", "data_types=lmp", "markets=da", "years=2024", "through=2024-01-03")


@pytest.mark.workflow
def test_days_are_loaded_once_checked_whenever_asked_and_a_damaged_one_is_fetched_again_alone(
    workflow: Path, snakemake: Snakemake
) -> None:
    with Sandbox(nodes=2) as sandbox:
        choice = (*CHOICE, f"base_url={sandbox.url}")
        loaded = snakemake(*choice, targets=("load",))
        assert loaded.returncode == 0, loaded.stdout
        assert (workflow / "data" / "sandbox" / "isone.duckdb").exists()
        again = snakemake(*choice, targets=("load",), options=("-n",))
        assert "Nothing to be done" in again.stdout

        response = workflow / "data/sandbox/raw/lmp_da_hourly/2024/20240102.json.gz"
        content = bytearray(response.read_bytes())
        content[100] ^= 1
        response.write_bytes(content)
        named = snakemake(*choice, "refetch=true", targets=("verify",))
        assert named.returncode != 0
        assert "is damaged: lmp_da_hourly 2024-01-02; it was removed" in named.stdout
        assert named.stdout.count(": FAILED, ") == 1  # a finding is not tried again
        before = len(sandbox.requests)
        mended = snakemake(*choice, targets=("load",))
        assert mended.returncode == 0, mended.stdout
        assert [each.path for each in sandbox.requests[before:]] == [
            "/api/v1.1/hourlylmp/da/final/day/20240102"
        ]
        checked = snakemake(*choice, targets=("verify",))
        assert checked.returncode == 0, checked.stdout
        assert "everything that is stored is what was validated: 1 dataset-year\n" in checked.stdout
