"""Set `.venv` up, or add a lock file's packages to it: `python envs/install.py requirements.lock`.

The Makefile calls it. uv installs: the one on the PATH, else the one that envs/setup.lock pins,
which pip puts into `.venv` first. Only wheels are taken, with the hashes that the lock names.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
BASE = "requirements.lock"
SUPPORTED = (
    "All packages have wheels for Python 3.11 to 3.13 on Linux (glibc 2.28 or newer) and macOS 11 "
    "or newer, x86-64 and ARM64; nothing is built from source."
)


def main(lock: str) -> None:
    """Install a lock into `.venv`; the base lock makes `.venv` anew and installs the checkout."""
    begin = time.monotonic()
    if lock == BASE:
        if VENV.is_symlink():  # clearing would empty the folder that it leads to
            sys.exit(f"error: .venv is a link to {VENV.resolve()}; remove the link and run again")
        say(f"Setting up .venv with Python {sys.version.split()[0]}")
        make_venv()
    uv = [find_uv() or bring_uv(), "pip", "install", "--python", str(PYTHON), "--no-deps"]
    if sys.dont_write_bytecode:  # then no first run keeps it, and each job would compile anew
        uv.append("--compile-bytecode")
    say(f"Installing the packages of {lock}")
    run([*uv, "--require-hashes", "--only-binary", ":all:", "-r", str(PROJECT / lock)])
    if lock == BASE:
        run([*uv, "--offline", "--no-build-isolation", "--editable", str(PROJECT)])
    say(f"Installed in {time.monotonic() - begin:.0f} s")


def make_venv() -> None:
    """Make an empty `.venv`, in the place of one that is there."""
    if VENV.is_dir():
        shutil.rmtree(VENV)  # with a uv that may be in it
    if uv := find_uv():  # three times as fast
        run([uv, "venv", "--python", sys.executable, str(VENV)])
    else:
        run([sys.executable, "-m", "venv", "--without-pip", str(VENV)])


def find_uv() -> str | None:
    """The uv of `.venv` or of the PATH, if there is one that runs."""
    ours = VENV / "bin" / "uv"
    found = str(ours) if ours.exists() else shutil.which("uv")
    if found and subprocess.run([found, "--version"], capture_output=True).returncode == 0:
        return found  # a shim on the PATH may be there for nothing
    return None


def bring_uv() -> str:
    """Put uv into `.venv`."""
    say("Installing uv, which installs the rest")
    pip = [str(PYTHON), "-m", "pip"]
    there = importlib.util.find_spec("pip")
    if there and there.origin:  # saves half of the time; .venv gets its own pip with the rest
        pip = [str(PYTHON), str(Path(there.origin).parent)]
    else:
        run([str(PYTHON), "-m", "ensurepip"])
    pip += ["--disable-pip-version-check", "install", "--progress-bar", "off", "--no-compile"]
    # That pip also sees what is installed beside it: it is not to look at all of that, nor to take
    # a uv from there for ours.
    pip += ["--no-deps", "--no-warn-conflicts", "--ignore-installed"]
    run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", "envs/setup.lock"])
    return str(VENV / "bin" / "uv")


def run(command: list[str]) -> None:
    """Run a program, show what tells how far it is, and all it said if it fails."""
    everything = []
    sizes: dict[str, str] = {}
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env=os.environ | {"PIP_USER": "0", "UV_NO_PROGRESS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            everything.append(line)
            if begun := re.match(r" *Downloading (\S+) (\(.+\))", line):
                sizes[begun[1]] = begun[2]
            elif ended := re.match(r" *Downloaded (\S+)", line):
                say(f"  {ended[1]} {sizes.get(ended[1], '')}")
            elif re.match(r"(Prepared|Installed) ", line):
                say(f"  {line.rstrip()}")
    if process.returncode:
        sys.stderr.writelines(everything)
        sys.exit(f"error: setting up did not succeed. {SUPPORTED}")


def say(text: str) -> None:
    """Tell it at once, also where there is no terminal."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
