"""Figures drawn, as SVG and PNG, by this process and by another beside it.

vl-convert cannot draw in two threads of a process. Each of the two takes the next figure that the
other has not begun, and begins it by making its SVG file.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, cast

from isone.report.drawings import Drawing
from isone.run.progress import Advance, unseen

SHARPNESS = 2  # PNG pixels for each
_FEW = 4  # fewer are drawn before another process has loaded what it needs
_PROGRAM = f"""
import json, os, sys
from pathlib import Path
parent = os.getppid()
specifications = json.load(sys.stdin)
import vl_convert
for name, specification in specifications.items():
    if os.getppid() != parent:
        sys.exit(1)
    try:
        Path(name + ".svg").touch(exist_ok=False)
    except FileExistsError:
        continue
    svg = vl_convert.vegalite_to_svg(specification)
    Path(name + ".svg").write_bytes(svg.encode())
    Path(name + ".png").write_bytes(vl_convert.svg_to_png(svg, scale={SHARPNESS}))
"""


def draw(drawings: Sequence[Drawing], folder: Path, advance: Advance = unseen) -> None:
    """Draw figures into a folder that has none of them, as SVG and PNG.

    Large ones come first, for what is drawn last is waited for with one process doing nothing.
    `advance` is told how many are drawn, of how many.
    """
    by_size = sorted(drawings, key=lambda each: len(bytes(each.specification)), reverse=True)
    here: set[str] = set()
    with _drawing_beside(by_size, folder) if len(by_size) >= _FEW else nullcontext() as process:
        for each in by_size:
            if _begins(each, folder):
                here.add(each.name)
                _draw(each, folder)
                done = sum((folder / f"{one.name}.png").exists() for one in drawings)
                advance(done, len(drawings), "figures")
    if process and process.returncode:  # so that what is the matter is told as anything else
        for each in by_size:
            if each.name not in here:
                _draw(each, folder)
    if len(here) < len(drawings):
        advance(len(drawings), len(drawings), "figures")


@contextmanager
def _drawing_beside(drawings: Sequence[Drawing], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have another process draw, too; it has ended at the end."""
    asked = json.dumps({each.name: bytes(each.specification).decode() for each in drawings})
    with subprocess.Popen(  # noqa: S603 - nothing of it is given
        [sys.executable, "-c", _PROGRAM],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            with suppress(BrokenPipeError), cast("IO[bytes]", process.stdin) as pipe:
                pipe.write(asked.encode())  # it takes all of it before it draws
            yield process
            process.wait()
        finally:
            process.kill()  # where this job is interrupted; else it has ended


def _begins(drawing: Drawing, folder: Path) -> bool:
    """Whether a figure was not begun before, and is now."""
    try:
        (folder / f"{drawing.name}.svg").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _draw(drawing: Drawing, folder: Path) -> None:
    import vl_convert

    svg = vl_convert.vegalite_to_svg(bytes(drawing.specification).decode())
    (folder / f"{drawing.name}.svg").write_bytes(svg.encode())
    png = vl_convert.svg_to_png(svg, scale=SHARPNESS)
    (folder / f"{drawing.name}.png").write_bytes(png)
