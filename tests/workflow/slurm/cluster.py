"""A real Slurm of two nodes for the tests, in a folder of its own, reachable from here alone."""

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
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
_PLUGIN = "snakemake_executor_plugin_slurm"
NODES = ("first", "second")
_DOWN_AFTER = 10  # seconds without a word from a node


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs."""

    folder: Path
    environ: dict[str, str]
    """What makes Slurm's programs talk to this one."""
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """`munged`, `slurmctld`, and the `slurmd` of each node by its name."""

    def start(self, name: str, words: list[str]) -> None:
        """Start a daemon; what it says goes to `daemons.log`."""
        with (self.folder / "daemons.log").open("ab") as said:
            environ = os.environ | self.environ
            self.daemons[name] = subprocess.Popen(
                words, env=environ, stdout=said, stderr=subprocess.STDOUT
            )

    def start_node(self, name: str) -> None:
        """Start a node, and wait until jobs can be put on it."""
        slurmd = _program("slurmd")
        assert slurmd
        self.start(name, [slurmd, "-D", "-N", name])
        wait_for(self.folder, lambda: "idle" in _state(self, name))

    def break_down(self, name: str) -> None:
        """Kill a node as a power cut does: its daemon, and every process of its jobs."""
        daemon = self.daemons.pop(name)
        daemon.kill()
        daemon.wait()
        while left := self.processes(name):  # one that was killed may have started another before
            for process in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(0.05)

    def processes(self, name: str) -> list[psutil.Process]:
        """What runs for the jobs on a node: Slurm's steps first, then what they started."""
        steps, tasks = [], []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("SLURMD_NODENAME") == name:
                    tasks.append(process)
                elif process.name() == "slurmstepd" and self._has_the_log_of(name, process):
                    steps.append(process)
        return [*steps, *tasks]  # nobody is left to say how a job ended

    def _has_the_log_of(self, name: str, step: psutil.Process) -> bool:
        """A step has no parent and an empty environment: the file says whose it is."""
        log = self.folder / f"slurmd.{name}.log"
        return str(log) in (each.path for each in step.open_files())

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
    cluster = _configure(folder)
    try:
        cluster.start("munged", _munged(folder))
        wait_for(folder, lambda: (folder / "munge.sock").exists())
        slurmctld = _program("slurmctld")
        assert slurmctld
        cluster.start("slurmctld", [slurmctld, "-D"])
        for name in NODES:
            cluster.start_node(name)
        yield cluster
    finally:
        for name in cluster.daemons.keys() & set(NODES):
            cluster.break_down(name)  # whatever a test left there ends with it
        _stop(list(cluster.daemons.values()))
        shutil.rmtree(folder, ignore_errors=True)


def _stop(daemons: list[subprocess.Popen[bytes]]) -> None:
    for daemon in reversed(daemons):
        daemon.send_signal(signal.SIGTERM)
    for daemon in reversed(daemons):
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def _munged(folder: Path) -> list[str]:
    munge = {
        "key-file": "munge.key",
        "socket": "munge.sock",
        "pid-file": "munge.pid",
        "log-file": "munge.log",
        "seed-file": "munge.seed",
    }
    options = [f"--{name}={folder / file}" for name, file in munge.items()]
    munged = _program("munged")
    assert munged
    return [munged, "--foreground", "--force", *options]


def _configure(folder: Path) -> Cluster:
    """Write the configuration. Snakemake's plugin takes SLURM_CONF from srun, which needs it."""
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    for name in ("state", "bin", *(f"spool.{node}" for node in NODES)):
        (folder / name).mkdir()
    user = getpass.getuser()
    controller_port, *node_ports = _free_ports(1 + len(NODES))
    nodes = "\n".join(
        f"NodeName={name} NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 Port={port} "
        "CPUs=4 RealMemory=8000"
        for name, port in zip(NODES, node_ports, strict=True)
    )
    config = folder / "slurm.conf"
    config.write_text(
        f"""\
ClusterName=here
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge.sock,cred_expire=10
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory,CR_LLN
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=10000
MpiDefault=none
MinJobAge=3600
SlurmdTimeout={_DOWN_AFTER}
ReturnToService=2
{nodes}
PartitionName=main Nodes={",".join(NODES)} Default=YES MaxTime=INFINITE State=UP
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


def _state(cluster: Cluster, node: str) -> str:
    done = subprocess.run(
        ["sinfo", "--noheader", "--nodes", node],
        env=os.environ | cluster.environ,
        capture_output=True,
        text=True,
    )
    return done.stdout


def wait_for(folder: Path, condition: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail((folder / "daemons.log").read_text(errors="replace")[-3000:])
        time.sleep(0.05)
