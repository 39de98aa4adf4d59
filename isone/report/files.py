"""The figures as files, for slides and papers: SVG, PNG, and the data of each as CSV.

Drawing takes most of the time, so only what changed is drawn: a record in the data folder has, for
each figure, the digests of what it was drawn from and of its pictures. A figure whose record and
pictures are still so is taken over from the folder that is there.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import msgspec

from isone.errors import UNREADABLE
from isone.report import pictures
from isone.report.drawings import Drawing
from isone.run.progress import Advance, unseen
from isone.store.files import make_folder, name_aside, read_file, sha256, sync, write_whole

SUFFIXES = (".svg", ".png", ".csv")


class Drawn(msgspec.Struct, frozen=True):
    """Digests of what a figure was drawn from, and of its two pictures."""

    drawing: str
    svg: str
    png: str


_decoder = msgspec.json.Decoder(dict[str, Drawn])


def write(
    drawings: Sequence[Drawing], folder: Path, record: Path, advance: Advance = unseen
) -> int:
    """Write each figure as `{name}.svg`, `.png` and `.csv`; returns how many were drawn.

    The folder is this function's own: it is replaced as one, once all figures are made, so until
    then the old ones stay, and after it none of them is left. `advance` is told how many figures
    are drawn, of how many.
    """
    known = _read(record)
    with _replacing(folder) as aside:
        old = folder.resolve()
        again = [each for each in drawings if not _taken_over(each, known, old, aside)]
        if again:
            pictures.draw(again, aside, advance)
        for each in drawings:
            (aside / f"{each.name}.csv").write_bytes(each.csv.encode())
            for suffix in SUFFIXES:
                sync(aside / f"{each.name}{suffix}")
        now = {each.name: _drawn(each, aside) for each in drawings}
    write_whole(record, msgspec.json.format(msgspec.json.encode(now), indent=1) + b"\n")
    return len(again)


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of the old one when all has gone well."""
    target = folder.resolve()
    make_folder(target.parent)
    aside, old = name_aside(target), name_aside(target.with_name(f"{target.name}.old"))
    try:
        aside.mkdir()
        yield aside
        sync(aside)
        if target.exists():
            target.replace(old)
        aside.replace(target)
        sync(target.parent)
    finally:
        for leftover in (aside, old):
            shutil.rmtree(leftover, ignore_errors=True)


def _taken_over(drawing: Drawing, known: Mapping[str, Drawn], old: Path, new: Path) -> bool:
    """Copy a figure's pictures from the old folder, where they are what would be drawn again."""
    before = known.get(drawing.name)
    if before is None or before.drawing != _digest(drawing):
        return False
    found = {}
    for suffix, digest in ((".svg", before.svg), (".png", before.png)):
        try:
            found[suffix] = read_file(old / f"{drawing.name}{suffix}")
        except OSError:
            return False
        if sha256(found[suffix]) != digest:
            return False
    for suffix, content in found.items():
        (new / f"{drawing.name}{suffix}").write_bytes(content)
    return True


def _drawn(drawing: Drawing, folder: Path) -> Drawn:
    svg, png = (sha256(read_file(folder / f"{drawing.name}{s}")) for s in (".svg", ".png"))
    return Drawn(_digest(drawing), svg, png)


def _digest(drawing: Drawing) -> str:
    """What decides how the pictures look: the specification, and what draws it how sharply."""
    by = f"vl-convert {version('vl-convert-python')}, sharpness {pictures.SHARPNESS}\n"
    return hashlib.sha256(by.encode() + bytes(drawing.specification)).hexdigest()


def _read(record: Path) -> Mapping[str, Drawn]:
    """What is known of the figures that are there; nothing where that cannot be read."""
    try:
        return _decoder.decode(read_file(record))
    except (FileNotFoundError, *UNREADABLE):
        return {}
