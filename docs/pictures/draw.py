"""The pictures of the documentation, from a real run: `.venv/bin/python docs/pictures/draw.py`.

Runs a year of the sandbox in a terminal of 80 columns, which tmux keeps, and draws what it shows
while five-minute prices come; then the page of that run, as Chromium shows it.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
COLUMNS, ROWS = 80, 26
COMMAND = "snakemake -j1 --config years=2024 source=sandbox sandbox_latency=0.01"
LARGEST = 150_000  # bytes of a picture
_NO_FONTS = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
"""Nothing is fetched from elsewhere; a terminal's own font is as good."""


def terminal(folder: Path) -> None:
    """Run in a terminal; draw the frame in which the second download is half done."""
    tmux = ["tmux", "-L", f"isone-{folder.name}"]
    path = f"PATH={PROJECT / '.venv' / 'bin'}:$PATH"
    size = ["-x", str(COLUMNS), "-y", str(ROWS)]
    shell = f"{path} PS1='$ ' bash --norc --noprofile"
    run([*tmux, "new-session", "-d", *size, "-c", str(folder), shell])
    try:
        time.sleep(1)
        run([*tmux, "send-keys", f"clear; {COMMAND}; echo ended", "Enter"])
        drawn = ""
        while "\nended" not in (frame := captured(tmux)):
            if re.search(r"\[ 1/\d+\].*lmp_rt_5min 2024 .*(1[5-9]|2\d)\d/366", frame, re.DOTALL):
                drawn = drawn or captured(tmux, "-e")
            time.sleep(0.5)
    finally:
        run([*tmux, "kill-server"])
    if not drawn:
        sys.exit(f"error: the run did not come that far; it showed\n{frame}")
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(drawn.rstrip("\n")))
    written(HERE / "terminal.svg", console.export_svg(title="", code_format=_NO_FONTS).encode())


def captured(tmux: list[str], *options: str) -> str:
    """What the terminal shows now."""
    return run([*tmux, "capture-pane", "-p", *options])


def run(words: list[str]) -> str:
    """What a program prints. Raises CalledProcessError where it fails."""
    return subprocess.run(  # noqa: S603 - a fixed program, and no shell
        words, check=True, capture_output=True, text=True, timeout=300
    ).stdout


def page(report: Path) -> None:
    """The upper part of the page."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("error: there is no chromium here, so the page's picture stays as it is")
    with tempfile.TemporaryDirectory() as folder:
        words = [chromium, "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"]
        shot = Path(folder) / "page.png"
        words += ["--window-size=1280,740", "--virtual-time-budget=20000", f"--screenshot={shot}"]
        run([*words, report.as_uri()])
        written(HERE / "page.png", shot.read_bytes())


def written(path: Path, content: bytes) -> None:
    """Write a picture that is not too large."""
    if len(content) > LARGEST:
        sys.exit(f"error: {path.name} would have {len(content):,} bytes")
    path.write_bytes(content)
    print(f"{path}: {len(content):,} bytes")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        for name in ("Snakefile", "rules", "scripts", "envs", "config.yaml", "profiles", "isone"):
            (Path(made) / name).symlink_to(PROJECT / name)
        terminal(Path(made))
        page(Path(made) / "reports" / "sandbox" / "isone.html")
