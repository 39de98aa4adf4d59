"""Figures drawn: each as SVG here, and as PNG by a process of its own, beside the next SVG.

vl-convert cannot draw in two threads of a process, and an SVG and its PNG take as long each.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from isone.report.drawings import Drawing
from isone.run.progress import Advance, unseen

SHARPNESS = 2  # PNG pixels for each
_PROGRAM = f"""
import os, sys
parent = os.getppid()
from pathlib import Path
import vl_convert
for line in sys.stdin:
    if os.getppid() != parent:
        sys.exit(1)
    svg = Path(line.rstrip())
    png = vl_convert.svg_to_png(svg.read_text("utf-8"), scale={SHARPNESS})
    svg.with_suffix(".png").write_bytes(png)
"""


def draw(drawings: Sequence[Drawing], folder: Path, advance: Advance = unseen) -> None:
    """Draw figures into a folder, as SVG and PNG; `advance` is told how many, of how many."""
    import vl_convert

    with _pngs_beside(folder) as make_png:
        for number, each in enumerate(drawings, 1):
            svg = vl_convert.vegalite_to_svg(bytes(each.specification).decode())
            path = folder / f"{each.name}.svg"
            path.write_bytes(svg.encode())
            make_png(path)
            advance(number, len(drawings), "figures")


@contextmanager
def _pngs_beside(folder: Path) -> Iterator[Callable[[Path], None]]:
    """Have PNGs made in a process of its own; yields what takes an SVG that is there.

    At the end all are made. Where that process fails they are made here, so that what is the
    matter is told as anything else.
    """
    asked: list[Path] = []
    with subprocess.Popen(  # noqa: S603 - nothing of it is given
        [sys.executable, "-c", _PROGRAM],
        cwd=folder,
        bufsize=0,  # so that nothing is left to write where it has ended
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:

        def make_png(svg: Path) -> None:
            asked.append(svg)
            with suppress(BrokenPipeError):  # it failed, which is seen at the end
                cast("IO[bytes]", process.stdin).write(f"{svg.name}\n".encode())

        try:
            yield make_png
            process.communicate()
        finally:
            process.kill()  # where this job is interrupted; else it has ended
    if process.returncode:
        for svg in asked:
            _make_here(svg)


def _make_here(svg: Path) -> None:
    import vl_convert

    png = vl_convert.svg_to_png(svg.read_text("utf-8"), scale=SHARPNESS)
    svg.with_suffix(".png").write_bytes(png)
