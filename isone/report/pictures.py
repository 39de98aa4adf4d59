"""Figures drawn, as SVG and PNG: one half here, the other by a process of its own beside it.

vl-convert cannot draw in two threads of a process.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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
    svg = vl_convert.vegalite_to_svg(specification)
    Path(name + ".svg").write_bytes(svg.encode())
    Path(name + ".png").write_bytes(vl_convert.svg_to_png(svg, scale={SHARPNESS}))
"""


def draw(drawings: Sequence[Drawing], folder: Path, advance: Advance = unseen) -> None:
    """Draw figures into a folder, as SVG and PNG; `advance` is told how many, of how many.

    Large ones come first, for what is drawn last is waited for with one process doing nothing.
    """
    by_size = sorted(drawings, key=lambda each: len(bytes(each.specification)), reverse=True)
    here, beside = (by_size, []) if len(by_size) < _FEW else (by_size[::2], by_size[1::2])
    with _drawn_beside(beside, folder):
        for each in here:
            _draw(each, folder)
            done = sum((folder / f"{one.name}.png").exists() for one in drawings)
            advance(done, len(drawings), "figures")
    if beside:
        advance(len(drawings), len(drawings), "figures")


@contextmanager
def _drawn_beside(drawings: Sequence[Drawing], folder: Path) -> Iterator[None]:
    """Have figures drawn by a process of its own, which has ended at the end.

    Where it fails they are drawn here, so that what is the matter is told as anything else.
    """
    if not drawings:
        yield
        return
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
            yield
            process.wait()
        finally:
            process.kill()  # where this job is interrupted; else it has ended
    if process.returncode:
        for each in drawings:
            _draw(each, folder)


def _draw(drawing: Drawing, folder: Path) -> None:
    import vl_convert

    svg = vl_convert.vegalite_to_svg(bytes(drawing.specification).decode())
    (folder / f"{drawing.name}.svg").write_bytes(svg.encode())
    png = vl_convert.svg_to_png(svg, scale=SHARPNESS)
    (folder / f"{drawing.name}.png").write_bytes(png)
