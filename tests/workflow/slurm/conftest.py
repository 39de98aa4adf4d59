import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running import PROJECT
from workflow.slurm.cluster import Cluster, running_cluster

Submit = Callable[..., subprocess.CompletedProcess[str]]
OPTIONS = (
    *("--profile", str(PROJECT / "profiles" / "slurm")),
    *("--slurm-init-seconds-before-status-checks", "4"),
)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as started:
        yield started


@pytest.fixture
def submit(cluster: Cluster, workflow: Path) -> Submit:
    """Run the workflow through the profile: `submit("years=2018", targets=("pack",))`."""

    def run(
        *config: str, targets: tuple[str, ...] = (), environ: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "snakemake", "-s", str(PROJECT / "Snakefile"), *OPTIONS]
        return subprocess.run(
            [*words, "--config", *config, *(["--", *targets] if targets else [])],
            cwd=workflow,
            env=os.environ | cluster.environ | (environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
            start_new_session=True,
        )

    return run


@pytest.fixture
def account(tmp_path: Path) -> dict[str, str]:
    """Environment with an account in a netrc file, as docs/clusters.md asks for it."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password canary-Qy7\n")
    netrc.chmod(0o600)
    return {"NETRC": str(netrc)}
