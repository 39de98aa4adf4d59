"""A real Slurm of one node for the tests, in a folder of its own, reachable from here alone."""

import contextlib
import getpass
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
_PLUGIN = "snakemake_executor_plugin_slurm"


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs."""

    folder: Path
    environ: dict[str, str]
    """What makes Slurm's programs talk to this one."""

    def run(self, *words: str) -> str:
        """What one of Slurm's commands prints."""
        done = subprocess.run(
            words, env=os.environ | self.environ, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def jobs(self) -> list[dict[str, str]]:
        """Every job that the controller remembers, by the names of `scontrol show job`."""
        lines = self.run("scontrol", "--oneliner", "show", "job").splitlines()
        return [
            dict(word.split("=", 1) for word in line.split() if "=" in word)
            for line in lines
            if line.startswith("JobId=")
        ]


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start munged, slurmctld and slurmd, and stop them at the end, by their process ids.

    Where Slurm or Snakemake's plugin for it is absent, tests skip; where CI is set, they fail.
    """
    lacking = [name for name in _PROGRAMS if _program(name) is None]
    if importlib.util.find_spec(_PLUGIN) is None:
        lacking.append("snakemake-executor-plugin-slurm (`make plugins`)")
    if lacking:
        sentence = f"no Slurm to test with: there is no {', no '.join(lacking)}"
        pytest.fail(sentence) if os.environ.get("CI") else pytest.skip(sentence)
    folder = Path(tempfile.mkdtemp(prefix="isone-slurm-"))
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        cluster = _configure(folder)
        with (folder / "daemons.log").open("wb") as said:
            for words in _daemons(folder):
                environ = os.environ | cluster.environ
                daemons.append(
                    subprocess.Popen(words, env=environ, stdout=said, stderr=subprocess.STDOUT)
                )
                if words[0].endswith("munged"):
                    _wait_for(folder, lambda: (folder / "munge.sock").exists())
            _wait_for(folder, lambda: "idle" in _state(cluster))
            yield cluster
    finally:
        for daemon in reversed(daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in reversed(daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def _daemons(folder: Path) -> list[list[str]]:
    munge = {
        "key-file": "munge.key",
        "socket": "munge.sock",
        "pid-file": "munge.pid",
        "log-file": "munge.log",
        "seed-file": "munge.seed",
    }
    options = [f"--{name}={folder / file}" for name, file in munge.items()]
    munged, slurmctld, slurmd = map(_program, ("munged", "slurmctld", "slurmd"))
    assert munged and slurmctld and slurmd
    return [
        [munged, "--foreground", "--force", *options],
        [slurmctld, "-D"],
        [slurmd, "-D", "-N", "here"],
    ]


def _configure(folder: Path) -> Cluster:
    """Write the configuration. Snakemake's plugin takes SLURM_CONF from srun, which needs it."""
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    user = getpass.getuser()
    controller_port, node_port = _free_ports(2)
    config = folder / "slurm.conf"
    config.write_text(
        f"""\
ClusterName=here
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge.sock
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=10000
MpiDefault=none
MinJobAge=3600
NodeName=here NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 Port={node_port} \
CPUs=4 RealMemory=8000
PartitionName=main Nodes=here Default=YES MaxTime=INFINITE State=UP
"""
    )
    srun = folder / "bin" / "srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={config} exec {_program("srun")} "$@"\n')
    srun.chmod(0o755)
    path = f"{srun.parent}:{os.environ.get('PATH', os.defpath)}"
    return Cluster(folder, {"SLURM_CONF": str(config), "PATH": path})


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]


def _state(cluster: Cluster) -> str:
    done = subprocess.run(
        ["sinfo", "--noheader"], env=os.environ | cluster.environ, capture_output=True, text=True
    )
    return done.stdout


def _wait_for(folder: Path, condition: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail((folder / "daemons.log").read_text(errors="replace")[-3000:])
        time.sleep(0.05)
