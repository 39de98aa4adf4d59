"""The workflow on a real Slurm of two nodes, through profiles/slurm."""

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from filled import fill
from running import SERVICE
from workflow.slurm.cluster import NODES, Cluster, wait_for

from isone.sandbox import Sandbox
from isone.store.store import Store

pytestmark = [pytest.mark.workflow, pytest.mark.slow(12)]

THREE_DAYS = ("years=2018", "through=2018-01-03", "data_types=as", "retry_delay=0")
TWO_YEARS = ("years=2017 2018", *THREE_DAYS[1:])
"""Regulation prices begin in December 2017, reserve prices in March: 343 requests."""
FIRST, LAST = "2018-01-01", "2018-01-03"

Submit = Callable[..., Any]


def rules_run(cluster: Cluster) -> Counter[str]:
    """How often each rule was a job of Slurm's."""
    comments = [job["Comment"] for job in cluster.jobs()]
    return Counter(each.removeprefix("rule_").partition("_wildcards")[0] for each in comments)


def works(cluster: Cluster, node: str) -> bool:
    """Whether a job on the node is beyond its batch script, and has begun what it was sent for."""
    with contextlib.suppress(psutil.Error):  # one has just ended
        return any("SLURM_STEP_ID" in each.environ() for each in cluster.processes(node))
    return False


def test_two_years_are_downloaded_here_and_packed_loaded_and_shown_on_the_cluster(
    cluster: Cluster, submit: Submit, workflow: Path, account: dict[str, str]
) -> None:
    environ = account | {"ISONE_NOTIFY": "json://127.0.0.1/?token=canary-Xw3"}
    options: dict[str, Any] = {"username": "someone", "password": "canary-Qy7", "latency": 0.01}
    fault = "not-found:fiveminutercp/final/day/20180102*x2"
    with Sandbox(**options, faults=[fault], server_name=SERVICE) as sandbox:
        config = (*TWO_YEARS, f"base_url={sandbox.url}")
        done = submit(*config, environ=environ)
        requests = [each.path for each in sandbox.requests]
        again = submit(*config, environ=environ)
        assert len(sandbox.requests) == len(requests)
    assert done.returncode == 0, done.stdout
    assert "Successful: 4" in done.stdout

    asked_for = [(path.split("/")[3], path.split("/")[6][:4]) for path in requests]
    blocks = [each for each, _ in itertools.groupby(asked_for)]
    assert len(blocks) in {4, 5}, "four downloads, one twice, never two at a time"

    assert "isone_regulation_5min_2018: SUCCESS (attempts: 2)" in done.stdout
    attempts = list((workflow / "logs").glob("isone_regulation_5min_2018_attempt*.log"))
    assert sorted(path.name.split("_")[4] for path in attempts) == ["attempt1", "attempt2"]
    assert len(list((workflow / "logs").glob("pack_*_attempt1_*.log"))) == 4

    assert rules_run(cluster) == Counter(
        pack_prices=4, describe_tables=1, load_duckdb=1, write_report=1, write_figures=1
    )
    assert {job["MinMemoryNode"] for job in cluster.jobs()} == {"800M"}
    assert {job["NodeList"] for job in cluster.jobs()} == set(NODES), "both nodes had work"
    assert (workflow / "reports" / "isone.html").stat().st_size > 100_000

    assert again.returncode == 0, again.stdout
    assert "Nothing to be done" in again.stdout

    scripts = list(cluster.folder.glob("state/hash.*/job.*/environment"))
    assert len(scripts) == 8
    written = [p for top in (cluster.folder, workflow) for p in top.rglob("*") if p.is_file()]
    assert not [path for path in written if b"canary" in path.read_bytes()]


def test_what_a_node_that_dies_was_doing_is_done_by_another(
    cluster: Cluster, submit: Submit, workflow: Path
) -> None:
    store = Store(workflow / "data" / "sandbox")
    datasets = ["regulation_5min", "reserve_5min"]
    packed = {}
    for dataset, period in fill(store, datasets, FIRST, LAST):
        path = store.parquet_path(dataset, period)
        packed[path] = path.read_bytes()
        path.unlink()
    before = {job["JobId"] for job in cluster.jobs()}

    def running() -> list[dict[str, str]]:
        return [
            job
            for job in cluster.jobs()
            if job["JobId"] not in before
            and (job["JobState"], job["NodeList"]) == ("RUNNING", NODES[0])
            and "rule_pack" in job["Comment"]
        ]

    with ThreadPoolExecutor() as pool:
        run = pool.submit(submit, *THREE_DAYS, "source=sandbox", targets=("pack",))
        try:
            wait_for(cluster.folder, lambda: running() and works(cluster, NODES[0]), seconds=120)
            (job,) = running()
            cluster.break_down(NODES[0])
            done = run.result()
        finally:
            cluster.start_node(NODES[0])
    assert done.returncode == 0, done.stdout
    (again,) = (each for each in cluster.jobs() if each["JobId"] == job["JobId"])
    assert (again["JobState"], again["Restarts"]) == ("COMPLETED", "1")
    assert again["NodeList"] == NODES[1]
    assert {path: path.read_bytes() for path in packed} == packed
    assert not list(store.root.rglob(".*.parquet*"))


def test_a_job_that_fails_on_the_cluster_names_itself_in_the_summary(
    submit: Submit, workflow: Path
) -> None:
    store = Store(workflow / "data" / "sandbox")
    for dataset, period in fill(store, ["regulation_5min", "reserve_5min"], FIRST, LAST):
        store.parquet_path(dataset, period).unlink()
    damaged = store.raw_dir("reserve_5min", 2018) / "20180102.json.gz"
    damaged.write_bytes(damaged.read_bytes()[:-9] + b"nonsense.")
    done = submit(*THREE_DAYS, "source=sandbox", targets=("pack",))
    assert done.returncode == 1
    assert "And pack_reserve_5min_2018.through-20180103: FAILED (attempts: 1)" in done.stdout
    assert "20180102.json.gz is not the response that was validated" in done.stdout
    assert "And pack_regulation" not in done.stdout
    assert store.parquet_path("regulation_5min", "2018.through-20180103").exists()


def test_a_refused_account_ends_the_run_and_what_is_on_the_cluster_ends_in_order(
    cluster: Cluster, submit: Submit, workflow: Path, account: dict[str, str]
) -> None:
    store = Store(workflow / "data")
    for dataset, period in fill(store, ["reserve_5min"], FIRST, LAST, source="webservices"):
        store.parquet_path(dataset, period).unlink()
    with Sandbox(username="someone", password="another one", server_name=SERVICE) as sandbox:
        done = submit(*THREE_DAYS, f"base_url={sandbox.url}", environ=account)
        assert len(sandbox.requests) == 1
    assert done.returncode == 1
    assert "isone_regulation_5min_2018: FAILED (attempts: 1)" in done.stdout
    assert "refused the account (401)" in done.stdout
    assert "Traceback" not in done.stdout
    assert not cluster.run("squeue", "--noheader")


def test_a_password_that_slurm_would_write_down_keeps_the_run_from_starting(
    cluster: Cluster, submit: Submit, workflow: Path
) -> None:
    before = len(cluster.jobs())
    environ = {"ISONE_USERNAME": "someone", "ISONE_PASSWORD": "canary-Qy7"}
    done = submit(*THREE_DAYS, "source=sandbox", environ=environ)
    assert done.returncode == 1
    assert "error: ISONE_PASSWORD is set, and a cluster would write it into" in done.stdout
    assert "Traceback" not in done.stdout
    assert len(cluster.jobs()) == before
    assert not (workflow / "data").exists()
