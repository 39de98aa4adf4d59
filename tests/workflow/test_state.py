"""State is files and only files: the same answers without Snakemake's memory, and in any folder."""

import base64
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from forked import Starter
from running import Snakemake, command_line, jobs_run, run_workflow

from isone.sandbox import Sandbox

pytestmark = pytest.mark.workflow

SMALL = ("years=2024", "through=2024-01-02", "source=sandbox", "markets=da", "retry_delay=0")
LMP = (*SMALL, "data_types=lmp")
STORE = Path("data/sandbox")
DAY = STORE / "raw/lmp_da_hourly/2024/20240102.json.gz"
MARKER = STORE / "complete/lmp_da_hourly/2024.through-20240102.json"
FIRST = {"download_prices": 1, "pack_prices": 1, "load_duckdb": 1}


@pytest.fixture(scope="module")
def done(starter: Starter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder in which all of LMP is loaded and reported; not to be changed."""
    folder = tmp_path_factory.mktemp("done") / "work"
    ended = run_workflow(starter, folder, *LMP, targets=("load", "report"))
    assert ended.returncode == 0, ended.stdout
    assert jobs_run(ended.stdout) == FIRST | {"write_report": 1, "write_figures": 1}
    return folder


@pytest.fixture
def begun(done: Path, workflow: Path) -> Path:
    """The same to go on in, with Snakemake's memory and all times as they were."""
    return Path(shutil.copytree(done, workflow, dirs_exist_ok=True))


def forget(workflow: Path) -> None:
    """Take Snakemake's memory away."""
    shutil.rmtree(workflow / ".snakemake", ignore_errors=True)


def test_every_answer_is_the_same_without_snakemakes_own_memory(
    begun: Path, snakemake: Snakemake
) -> None:
    def run(*config: str, targets: tuple[str, ...] = ("load",)) -> dict[str, int]:
        memory = (begun / ".snakemake").rename(begun / "memory")
        planned = answer(*config, options=("-n",), targets=targets)
        forget(begun)
        memory.rename(begun / ".snakemake")
        jobs = answer(*config, targets=targets)
        assert planned == jobs
        return jobs

    def answer(*config: str, **how: tuple[str, ...]) -> dict[str, int]:
        ended = snakemake(*config, **how)
        assert ended.returncode == 0, ended.stdout
        jobs = jobs_run(ended.stdout)
        assert jobs or "Nothing to be done" in ended.stdout
        return jobs

    loaded = {"load_duckdb": 1}
    assert run(*LMP) == {}
    assert run(*LMP, "locations=4000") == {}, "fewer locations make nothing again"
    assert run(*LMP, "locations=all") == {"pack_prices": 1} | loaded
    assert run(*LMP) == {}, "so does going back to fewer"
    everything = (*SMALL, "data_types=lmp as", "services=regulation")
    assert run(*everything) == FIRST
    assert run(*LMP) == {}, "and fewer datasets"
    assert run(*everything) == {}
    for _ in range(2):
        assert run(*LMP, targets=("verify",)) == {"verify_prices": 1, "summarize_verdicts": 1}
    (begun / STORE / "isone.duckdb").unlink()
    assert run(*LMP) == loaded
    (begun / DAY).unlink()
    assert run(*LMP).keys() >= {"download_prices", "pack_prices"}
    assert (begun / DAY).exists()


@pytest.mark.parametrize("forgets", [False, True], ids=["remembered", "forgotten"])
def test_a_check_that_is_asked_for_reads_what_is_there_now(
    begun: Path, snakemake: Snakemake, forgets: bool
) -> None:
    assert "OK" in snakemake(*LMP, targets=("verify",)).stdout
    whole = (begun / DAY).read_bytes()
    (begun / DAY).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    if forgets:
        forget(begun)
    damaged = snakemake(*LMP, targets=("verify",))
    assert damaged.returncode == 1
    assert "2024-01-02" in damaged.stdout
    (begun / DAY).write_bytes(whole)
    if forgets:
        forget(begun)
    assert snakemake(*LMP, targets=("verify",)).returncode == 0


def test_a_response_that_is_gone_is_asked_for_again_and_not_called_here(
    begun: Path, snakemake: Snakemake
) -> None:
    (begun / DAY).unlink()
    plan = snakemake(*LMP, options=("-n",))
    assert "every day that was asked for is already downloaded" not in plan.stdout
    assert "Requests left to send: 1\n" in plan.stdout
    assert "lmp_da_hourly 2024 is not complete any more: 1 response removed" in plan.stdout
    again = snakemake(*LMP)
    assert again.returncode == 0, again.stdout
    assert "SUCCESS (attempts: 1), 2 days, 1 request" in again.stdout


def test_a_gap_whose_acceptance_is_withdrawn_is_missing_again(
    workflow: Path, snakemake: Snakemake
) -> None:
    fault = "sandbox_faults=['not-found:hourlylmp/*/day/20240102']"
    config = (workflow / "config.yaml").read_text()
    gap = "accepted_flaws:\n  - {dataset: lmp_da_hourly, day: 2024-01-02, reason: none came}\n"
    (workflow / "config.yaml").write_text(config + gap)
    assert snakemake(*LMP, fault).returncode == 0
    assert "every day that was asked for is already downloaded" in snakemake(*LMP, fault).stdout
    (workflow / "config.yaml").write_text(config)
    withdrawn = snakemake(*LMP, fault, options=("--restart-times", "0"))
    assert withdrawn.returncode == 1
    assert "missing 2024-01-02" in withdrawn.stdout
    (workflow / "config.yaml").write_text(config + gap.replace("none came", "another reason"))
    assert snakemake(*LMP, fault).returncode == 0
    assert "another reason" in (workflow / MARKER).read_text()


def test_a_folder_copied_with_other_times_gives_the_same_answers(
    begun: Path, snakemake: Snakemake
) -> None:
    files = sorted((begun / "data").rglob("*")) + sorted((begun / "reports").rglob("*"))
    for order in (files, files[::-1]):
        forget(begun)
        for number, path in enumerate(order):
            os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))
        again = snakemake(*LMP, targets=("load", "report"))
        assert again.returncode == 0
        assert "Nothing to be done" in again.stdout, again.stdout


def test_right_responses_copied_over_wrong_ones_with_their_times_are_packed_again(
    begun: Path, snakemake: Snakemake, tmp_path: Path
) -> None:
    targets = ("load", "write_report")
    backup = shutil.copytree(begun / "data", tmp_path / "backup")
    with Sandbox(seed=7) as other:
        shutil.rmtree(begun / STORE / "raw")
        assert snakemake(*LMP, f"base_url={other.url}", targets=targets).returncode == 0
    wrong = (begun / STORE / "parquet/lmp_da_hourly/2024.through-20240102.parquet").read_bytes()
    for folder in ("raw", "complete"):
        shutil.rmtree(begun / STORE / folder)
        shutil.copytree(backup / "sandbox" / folder, begun / STORE / folder)
    again = snakemake(*LMP, targets=targets)
    assert jobs_run(again.stdout).keys() >= {"pack_prices", "load_duckdb", "write_report"}
    right = (begun / STORE / "parquet/lmp_da_hourly/2024.through-20240102.parquet").read_bytes()
    assert wrong != right


def test_two_runs_in_one_folder_name_the_first_and_keep_their_plans_and_summaries_apart(
    workflow: Path, snakemake: Snakemake
) -> None:
    assert snakemake(*SMALL, "data_types=as", "services=regulation").returncode == 0
    with Sandbox(latency=0.5, faults=["not-found:hourlylmp/*/day/20240101"]) as sandbox:
        first = subprocess.Popen(
            command_line(*LMP, f"base_url={sandbox.url}", "through=2024-01-06",
                         options=("--restart-times", "0"), targets=("download",)),
            cwd=workflow, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        while not sandbox.requests:
            assert first.poll() is None
        looked = snakemake(*LMP, f"base_url={sandbox.url}", options=("-n",))
        second = snakemake(
            *SMALL, "data_types=as", "services=regulation",
            options=("--nolock",), targets=("verify",),
        )  # fmt: skip
        said, _ = first.communicate(timeout=300)
    assert f"another run goes on here (process {first.pid} on " in looked.stdout
    assert second.returncode == 0, second.stdout
    assert "isone_lmp_da_hourly_2024" not in second.stdout
    assert first.returncode == 1
    assert "Failed: 1" in said
    assert "missing 2024-01-01" in said
    plans = sorted((workflow / STORE / "runs").glob("*/plan.json"))
    assert len({json.loads(plan.read_text())["started"] for plan in plans}) == len(plans) == 3


def test_the_page_stays_until_the_next_one_is_whole(begun: Path, snakemake: Snakemake) -> None:
    page = begun / "reports/sandbox/isone.html"
    old = page.read_bytes()
    database = begun / STORE / "isone.duckdb"
    database.write_bytes(b"x" * database.stat().st_size)  # so that no next one can be made
    again = ("--forcerun", "write_report", "write_figures")
    failed = snakemake(*LMP, options=again, targets=("report",))
    assert failed.returncode == 1
    assert "write_report: FAILED" in failed.stdout
    assert page.read_bytes() == old
    assert (page.parent / "key_numbers.csv").exists()
    assert list((page.parent / "figures").glob("daily_price*.svg"))


def test_each_data_folder_has_reports_of_its_own_and_what_is_missing_of_them_is_made_again(
    begun: Path, snakemake: Snakemake
) -> None:
    other = (*LMP, "data_dir=other")

    def drawn(jobs: dict[str, int]) -> str:
        ended = snakemake(*other, targets=("report",))
        assert jobs_run(ended.stdout) == jobs, ended.stdout
        said = sorted((begun / "other/sandbox/runs").glob("*/jobs/write_figures.json"))[-1]
        return str(json.loads(said.read_text())["made"])

    both, figures = {"write_report": 1, "write_figures": 1}, {"write_figures": 1}
    (begun / "data").rename(begun / "other")
    shutil.rmtree(begun / "reports")
    assert drawn(both).endswith("figures, 19 drawn now")
    page, reported = begun / "other/reports/sandbox/isone.html", begun / "other/sandbox/reported"
    assert page.exists()
    assert not (begun / "reports").exists()
    page.unlink()
    forget(begun)
    assert drawn(both).endswith("figures, 0 drawn now")
    next((page.parent / "figures").glob("daily_price*.png")).unlink()
    (reported / "figures.json").unlink()
    assert drawn(figures).endswith("figures, 1 drawn now")
    (reported / "drawings.json").unlink()
    assert drawn(both).endswith("figures, 0 drawn now")
    assert snakemake(*other, targets=("verify",)).returncode == 0
    assert drawn(both).endswith("figures, 0 drawn now"), "the verdict is news"
    shutil.rmtree(page.parent / "figures")
    assert jobs_run(snakemake(*other, targets=("report",), options=("-n",)).stdout) == figures


def test_a_full_disk_is_told_as_that_at_the_end_too(workflow: Path, snakemake: Snakemake) -> None:
    small = workflow / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1000k", "tmpfs", str(small)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        done = snakemake(
            *SMALL, "data_types=lmp", "through=2024-01-10", "data_dir=small", "sandbox_nodes=300"
        )
        refused = snakemake(
            *SMALL, "data_types=lmp", "through=2024-03-20", "data_dir=small", "sandbox_nodes=300"
        )
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert done.returncode == 1
    assert "memory" not in done.stdout
    summary = done.stdout.partition("# Download summary")[2]
    assert "No space left on device" in summary
    assert "# Note: the disk of small/sandbox has " in done.stdout, "it is scarce from the start"
    assert refused.returncode == 1
    assert "error: data_dir: what is left to download takes about " in refused.stdout
    assert "Download summary" not in refused.stdout
    assert "Failed: 1" in summary


def test_the_banner_says_retries_start_and_place_and_a_service_that_stays_away_names_the_days(
    snakemake: Snakemake,
) -> None:
    config = (*SMALL, "services=regulation", "backoff_first=0.01", "backoff_total=0.02")
    faults = "sandbox_faults=['server-error:hourlylmp/*']"
    done = snakemake(*config, faults, options=("--restart-times", "1"))
    assert done.returncode == 1
    assert "# Max retries per download: 1\n# Started: 2" in done.stdout
    assert "Download 1/2: isone_lmp_da_hourly_2024\n" in done.stdout
    assert "Download 2/2: isone_regulation_5min_2024\n" in done.stdout
    summary = done.stdout.partition("# Download summary")[2]
    assert "missing 2024-01-01 to 2024-01-02, 2 days: " in summary
    assert " UTC" in summary


def test_a_run_that_never_reaches_the_service_ends_with_one_job_and_says_what_to_do(
    workflow: Path, snakemake: Snakemake
) -> None:
    """With the usual waits that is within a minute: tests/download/test_client.py."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api/v1.1"
    config = ("years=2023-2024", "source=webservices", f"base_url={url}", "markets=da")
    config += ("backoff_first=0.2", "backoff_total=2")
    done = snakemake(*config, targets=("download",), options=("--restart-times", "2"))
    assert done.returncode == 1
    summary = done.stdout.partition("# Download summary")[2]
    said = " ".join(summary.split())
    assert f"{url} has never answered (no connection to the service): check the network, " in said
    assert "nothing was downloaded. The run stops" in said
    assert "attempt 2" not in done.stdout
    assert said.count("has never answered") == 1, "which every missing day need not repeat"
    assert (
        "missing 2024-01-01 to 2024-12-31, 366 days: not downloaded before the run stopped" in said
    )
    assert said.count("NEVER STARTED") == 5
    assert [path.name for path in (workflow / "data/raw").rglob("*.gz")] == []


def test_a_custom_download_that_no_attempt_can_mend_is_not_tried_again(
    workflow: Path, snakemake: Snakemake
) -> None:
    entry = {"name": "mine", "script": "scripts/download_lmp.py", "args": [
        *("--start-date", "2024-01-01", "--end-date", "2024-01-01"),
        *("--config", "ca_bundle=nowhere.pem"),
    ]}  # fmt: skip
    (workflow / "mine.json").write_text(json.dumps([entry]))
    config = ("downloads=mine.json", "retry_delay=600", "source=sandbox")
    done = snakemake(*config, options=("--restart-times", "2"))
    assert done.returncode == 1
    assert "mine is not tried again: no other attempt can end otherwise" in done.stdout
    assert "attempt 2 begins" not in done.stdout


def test_a_run_killed_just_after_a_marker_was_written_goes_on_with_what_is_made_of_it(
    begun: Path, snakemake: Snakemake
) -> None:
    """Snakemake takes such a marker for incomplete, and would leave out the jobs that need it."""
    marker = next((begun / "data/sandbox/complete").rglob("*.json")).relative_to(begun)
    shutil.rmtree(begun / "data/sandbox/packed")
    (begun / "data/sandbox/loaded/isone.duckdb.json").unlink()
    unfinished = begun / ".snakemake" / "incomplete"
    unfinished.mkdir(exist_ok=True)
    (unfinished / base64.b64encode(str(marker).encode()).decode()).touch()
    planned = jobs_run(snakemake(*LMP, options=("-n",), targets=("load",)).stdout)
    assert planned.keys() == {"pack_prices", "load_duckdb"}
