"""Figures drawn, as SVG and PNG, by this process and by another beside it.

vl-convert cannot draw in two threads of a process. Each of the two takes the next figure that the
other has not begun, and begins it by making its SVG file.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from isone.run.progress import Advance, unseen

if TYPE_CHECKING:  # which the other process does not need
    from isone.report.drawings import Drawing

SHARPNESS = 2  # PNG pixels for each
_FEW = 4  # fewer are drawn before another process has loaded what it needs
_PROGRAM = "import sys; from isone.report import pictures; pictures.draw_asked(sys.argv[1])"


def draw(drawings: Sequence["Drawing"], folder: Path, advance: Advance = unseen) -> None:
    """Draw figures into a folder that has none of them, as SVG and PNG.

    Large ones come first, for what is drawn last is waited for with one process doing nothing.
    `advance` is told how many are drawn, of how many.
    """
    by_size = sorted(drawings, key=lambda each: len(bytes(each.specification)), reverse=True)
    asked = {each.name: bytes(each.specification).decode() for each in by_size}
    here: set[str] = set()
    with _drawing_beside(asked, folder) if len(asked) >= _FEW else nullcontext() as process:
        for name, specification in asked.items():
            if _begins(folder / name):
                here.add(name)
                _draw(specification, folder / name)
                done = sum((folder / f"{one}.png").exists() for one in asked)
                advance(done, len(asked), "figures")
    if process and process.returncode:  # so that what is the matter is told as anything else
        for name in asked.keys() - here:
            _draw(asked[name], folder / name)
    if len(here) < len(asked):
        advance(len(asked), len(asked), "figures")


def draw_asked(folder: str) -> None:
    """Be the other process: draw what the standard input asks for, while the first one lives."""
    parent = os.getppid()
    for name, specification in json.load(sys.stdin).items():
        if os.getppid() != parent:
            sys.exit(1)
        if _begins(Path(folder, name)):
            _draw(specification, Path(folder, name))


@contextmanager
def _drawing_beside(asked: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have another process draw, too; it has ended at the end."""
    from isone.run.settings import PROJECT  # which the other process does not need

    with subprocess.Popen(  # noqa: S603 - nothing of it is given
        [sys.executable, "-c", _PROGRAM, str(folder.resolve())],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            with suppress(BrokenPipeError), cast("IO[bytes]", process.stdin) as pipe:
                pipe.write(json.dumps(asked).encode())  # it takes all of it before it draws
            yield process
            process.wait()
        finally:
            process.kill()  # where this job is interrupted; else it has ended


def _begins(path: Path) -> bool:
    """Whether a figure, its path without a suffix, was not begun before, and is now."""
    try:
        path.with_name(f"{path.name}.svg").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _draw(specification: str, path: Path) -> None:
    import vl_convert

    svg = vl_convert.vegalite_to_svg(specification)
    path.with_name(f"{path.name}.svg").write_bytes(svg.encode())
    png = vl_convert.svg_to_png(svg, scale=SHARPNESS)
    path.with_name(f"{path.name}.png").write_bytes(png)
