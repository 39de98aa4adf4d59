"""How the tests run the workflow."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from forked import Starter

from isone.__main__ import main
from isone.run.job import sentences
from isone.run.settings import HANDED_ON, read_settings

PROJECT = Path(__file__).resolve().parent.parent
SERVICE = "isone-test-service"
"""What a sandbox is called (`server_name`) where a test takes it for the real service."""
Snakemake = Callable[..., subprocess.CompletedProcess[str]]


def command_line(
    *config: str, options: tuple[str, ...] = (), targets: tuple[str, ...] = ()
) -> list[str]:
    """The command that a user would type, for the project's Snakefile."""
    words = [sys.executable, "-m", "snakemake", "-s", str(PROJECT / "Snakefile"), "-j1", *options]
    return [*words, "--config", *config, *(["--", *targets] if targets else [])]


def run_workflow(
    starter: Starter,
    folder: Path,
    *config: str,
    options: tuple[str, ...] = (),
    targets: tuple[str, ...] = ("download",),
    environ: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the workflow in a folder, which gets the project's config.yaml where it is new."""
    if not folder.exists():
        folder.mkdir()
        shutil.copy(PROJECT / "config.yaml", folder)
    words = command_line(*config, options=options, targets=targets)
    return starter.run(words, folder=folder, environ=os.environ | (environ or {}))


def jobs_run(output: str) -> dict[str, int]:
    """How many jobs of each rule a run had to do, by what it says at its beginning."""
    said = re.search(r"^\d+ jobs? to do: (.+)$", output, re.MULTILINE)
    each = re.findall(r"(\d+) (\w+)", said[1]) if said else []
    return {rule: int(number) for number, rule in each}


class _Named(list[Any]):
    """What Snakemake gives a script: values in order, and by their names."""

    def __init__(self, **values: Any) -> None:
        super().__init__(values.values())
        self.__dict__.update(values)


_OUTPUTS = {
    "download_prices": "complete/{dataset}/{period}.json",
    "download_custom": "complete/custom/{name}.json",
    "pack_prices": "packed/{dataset}/{period}.json",
    "describe_tables": "packed/datapackage.json",
    "load_duckdb": "loaded/isone.duckdb.json",
    "write_report": "reported/page.json",
    "write_figures": "reported/figures.json",
    "summarize_verdicts": "runs/by-hand/verified/summary.txt",
    "reconcile_prices": "runs/by-hand/reconciled/summary.txt",
}
"""Below the data folder, what rules declare: a marker, or the run's copy of a summary."""


def run_script(
    script: str,
    config: Mapping[str, Any],
    *,
    log: Path | None = None,
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    attempt: int = 1,
    **wildcards: str,
) -> int:
    """Run the script of a rule in this process, as Snakemake does; returns the exit code.

    `log` is the rule's own, by default what its job is called, beside the attempts' logs.
    """
    settings = read_settings(config)
    name = "isone" if script == "download_prices" else script.removesuffix("_prices")
    stem = wildcards.get("name") or "_".join([name, *wildcards.values()])
    made = str(settings.store_dir / _OUTPUTS.get(script, "").format(**wildcards))
    is_download = script.startswith("download")
    given = SimpleNamespace(
        config=config,
        wildcards=_Named(**wildcards),
        input=_Named(**inputs or {}),
        output=_Named(**outputs or {"marker": made, "summary": made}),
        log=_Named(log=str(log or settings.log_dir / f"{stem}.log")),
        resources=_Named(**({"attempt": attempt} if is_download else {})),
        threads=2,
    )
    try:
        runpy.run_path(str(PROJECT / "scripts" / f"{script}.py"), {"snakemake": given})
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def verify(config: Mapping[str, Any], *names: tuple[str, str]) -> int:
    """The deep check of dataset-years, each a dataset and a period; returns the exit code."""
    settings = read_settings(config)
    folder = settings.store_dir / "runs" / "by-hand" / "verified"
    verdicts = {}
    for dataset, period in names:
        verdicts[dataset] = folder / dataset / f"{period}.json"
        outputs = {"verdict": verdicts[dataset]}
        code = run_script("verify_prices", config, outputs=outputs, dataset=dataset, period=period)
        if code:
            return code
    log = settings.log_dir / "verify.log"
    return run_script("summarize_verdicts", config, log=log, inputs=verdicts)


def reconcile(config: Mapping[str, Any], tables: Iterable[str]) -> int:
    """Compare packed tables with ISO-NE's own figures; returns the exit code."""
    folder = read_settings(config).store_dir / "packed"
    found = [folder / Path(table).parent.name / f"{Path(table).stem}.json" for table in tables]
    log = read_settings(config).log_dir / "reconcile.log"
    return run_script("reconcile_prices", config, log=log, inputs={"packed": found})


def by_hand(config: Mapping[str, Any], *words: str) -> int:
    """Do what `python -m isone` and these words do, in this process; returns the exit code."""
    with patch.dict(os.environ, {HANDED_ON: json.dumps(config)}):
        try:
            with sentences():
                main(words)
        except SystemExit as end:
            return int(end.code or 0)
    return 0
