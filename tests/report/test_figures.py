"""Figures are drawn from what the page's job left, and only those that changed."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import vl_convert
from filled import build_duckdb, fill, settings_for
from running import PROJECT

from isone.errors import LoadError
from isone.report import data, drawings, files, jobs, outputs, pictures, specifications
from isone.report.drawings import Drawing
from isone.store import markers
from isone.store.files import sha256, write_whole
from isone.store.store import Store

QUICK = """
import json, os, sys
os.chdir(sys.argv[1])
for name, specification in json.load(sys.stdin).items():
    if os.path.exists(name + ".svg"):
        continue
    svg = f"<svg>{specification}</svg>"
    open(name + ".svg", "x").write(svg)
    open(name + ".png", "w").write("PNG of " + svg)
"""
FAILING = ["raise SystemExit(1)", "import os; os.kill(os.getpid(), 9)", f"{QUICK}; sys.exit(1)"]


def drawing(name: str, shows: object = 1, *, has_data: bool = True) -> Drawing:
    specification = msgspec.Raw(json.dumps({"shows": shows}).encode())
    return Drawing(name, has_data, specification, f"{name}\n{shows}\n")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was drawn here, by what it shows: in no time, and with PNGs that say what of."""
    shown: list[str] = []

    def to_svg(specification: str) -> str:
        shown.append(json.loads(specification)["shows"])
        return f"<svg>{specification}</svg>"

    monkeypatch.setattr(vl_convert, "vegalite_to_svg", to_svg)
    monkeypatch.setattr(vl_convert, "svg_to_png", lambda svg, **_: f"PNG of {svg}".encode())
    monkeypatch.setattr(pictures, "_PROGRAM", QUICK)
    return shown


SEVERAL = [drawing(name) for name in "abcdefg"]
"""So many that some are drawn beside."""


def write(folder: Path, *shown: Drawing) -> int:
    """Write figures below a folder, and see that each is there as it should be."""
    number = files.write(shown, folder / "figures", folder / "drawn.json")
    assert sorted(path.name for path in folder.iterdir()) == ["drawn.json", "figures"]
    expected = {}
    for each in shown:
        svg = f"<svg>{bytes(each.specification).decode()}</svg>"
        content = {".svg": svg, ".png": f"PNG of {svg}", ".csv": each.csv}
        expected |= {f"{each.name}{suffix}": text for suffix, text in content.items()}
    assert {path.name: path.read_text() for path in (folder / "figures").iterdir()} == expected
    return number


def test_only_what_changed_is_drawn_again(tmp_path: Path, drawn: list[str]) -> None:
    assert write(tmp_path, drawing("a", "x"), drawing("b", "y")) == 2
    assert write(tmp_path, drawing("a", "x"), drawing("b", "y")) == 0
    assert write(tmp_path, drawing("a", "x"), drawing("b", "z")) == 1
    assert write(tmp_path, drawing("b", "z"), drawing("c", "x")) == 1, "under another name"
    assert drawn == ["x", "y", "z", "x"]


@pytest.mark.parametrize("suffix", [".svg", ".png"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path.write_text("another"), id="changed"),
        pytest.param(Path.unlink, id="gone"),
        pytest.param(lambda path: path.unlink() or os.mkfifo(path), id="a pipe"),
        pytest.param(lambda path: path.unlink() or path.mkdir(), id="a folder"),
    ],
)
def test_a_picture_that_is_not_what_was_drawn_is_drawn_again_alone(
    tmp_path: Path, drawn: list[str], suffix: str, change: Callable[[Path], Any]
) -> None:
    some = drawing("a", "x"), drawing("b", "y")
    write(tmp_path, *some)
    change(tmp_path / "figures" / f"b{suffix}")
    assert write(tmp_path, *some) == 1
    assert drawn == ["x", "y", "y"]


def test_data_that_was_changed_beside_a_picture_is_written_as_it_is(
    tmp_path: Path, drawn: list[str]
) -> None:
    write(tmp_path, drawing("a"))
    (tmp_path / "figures" / "a.csv").write_text("another")
    assert write(tmp_path, drawing("a")) == 0
    assert len(drawn) == 1


@pytest.mark.parametrize(
    "content", ["", "[]", '{"a": {"drawing": 1}}', '{"a": {"drawing": "", "svg": ""}}']
)
@pytest.mark.usefixtures("drawn")
def test_a_record_that_cannot_be_read_has_all_drawn_again(tmp_path: Path, content: str) -> None:
    write(tmp_path, drawing("a"))
    (tmp_path / "drawn.json").write_text(content)
    assert write(tmp_path, drawing("a")) == 1


@pytest.mark.usefixtures("drawn")
def test_what_draws_them_and_how_sharply_decides_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, drawing("a"))
    monkeypatch.setattr(pictures, "SHARPNESS", 3)
    assert write(tmp_path, drawing("a")) == 1
    monkeypatch.setattr(files, "version", lambda _: "0")
    assert write(tmp_path, drawing("a")) == 1


def test_a_kill_before_the_record_is_written_has_only_what_changed_drawn_again(
    tmp_path: Path, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, drawing("a", "x"), drawing("b", "y"))
    with monkeypatch.context() as killed:
        killed.setattr(files, "write_whole", lambda *_: sys.exit("killed"))
        with pytest.raises(SystemExit):
            write(tmp_path, drawing("a", "x"), drawing("b", "z"))
    assert write(tmp_path, drawing("a", "x"), drawing("b", "z")) == 1
    assert drawn == ["x", "y", "z", "z"]


@pytest.mark.usefixtures("drawn")
def test_old_figures_stay_until_the_new_ones_are_all_made_and_none_of_them_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "daily_price_2019.svg").write_text("old")
    some = drawing("a"), drawing("b")
    with monkeypatch.context() as full:
        full.setattr(files, "sync", itertools.repeat)  # which syncs nothing
        full.setattr(files, "_drawn", lambda *_: sys.exit("the disk is full"))
        with pytest.raises(SystemExit):
            write(tmp_path, *some)
    assert [path.name for path in tmp_path.iterdir()] == ["figures"]
    assert [path.name for path in folder.iterdir()] == ["daily_price_2019.svg"]
    write(tmp_path, *some)


def test_what_is_drawn_beside_is_what_would_be_drawn_here(tmp_path: Path) -> None:
    charts = [
        b'{"data": {"values": [{}]}, "mark": "point", "width": %d}' % width
        for width in range(20, 25)
    ]
    several = [Drawing(f"{n}", True, msgspec.Raw(chart), "") for n, chart in enumerate(charts)]
    told: list[int] = []
    pictures.draw(several, tmp_path, lambda done, of, what: told.append(done))
    for each, chart in zip(several, charts, strict=True):
        svg = vl_convert.vegalite_to_svg(chart.decode())
        assert (tmp_path / f"{each.name}.svg").read_text("utf-8") == svg
        png = vl_convert.svg_to_png(svg, scale=pictures.SHARPNESS)
        assert (tmp_path / f"{each.name}.png").read_bytes() == png
    assert told == sorted(told)
    assert told[-1] == len(several)


def test_the_other_process_draws_what_is_not_begun(tmp_path: Path) -> None:
    chart = '{"data": {"values": [{}]}, "mark": "point"}'
    (tmp_path / "begun.svg").touch()
    done = subprocess.run(
        [sys.executable, "-c", pictures._PROGRAM, str(tmp_path)],
        cwd=PROJECT,
        input=json.dumps({"begun": chart, "not begun": chart}),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path.name for path in tmp_path.iterdir()} == {
        "begun.svg",
        "not begun.svg",
        "not begun.png",
    }
    assert (tmp_path / "begun.svg").read_bytes() == b""
    svg = vl_convert.vegalite_to_svg(chart)
    assert (tmp_path / "not begun.svg").read_text("utf-8") == svg


def test_what_is_begun_beside_is_not_drawn_here(
    tmp_path: Path, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    to_svg = vl_convert.vegalite_to_svg

    def slowly(specification: str) -> str:
        while len(list(tmp_path.rglob("*.png"))) < len(SEVERAL) - 1:
            time.sleep(0.01)
        return str(to_svg(specification))

    monkeypatch.setattr(vl_convert, "vegalite_to_svg", slowly)
    assert write(tmp_path, *SEVERAL) == len(SEVERAL)
    assert len(drawn) == 1


@pytest.mark.parametrize("program", FAILING)
def test_where_their_process_fails_they_are_drawn_here(
    tmp_path: Path, drawn: list[str], monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(pictures, "_PROGRAM", program)
    assert write(tmp_path, *SEVERAL) == len(SEVERAL)
    assert len(drawn) == len(SEVERAL)


@pytest.mark.parametrize("number", [1, len(SEVERAL)])
def test_what_is_the_matter_with_a_figure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(pictures, "_PROGRAM", "raise SystemExit(1)")
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda _: "no picture")
    with pytest.raises((ValueError, RuntimeError), match="unknown token"):
        files.write(SEVERAL[:number], tmp_path / "figures", tmp_path / "drawn.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("drawn")
def test_an_interrupted_job_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noted(*words: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*words, **options))
        return started[-1]

    def interrupt(*_: object) -> None:
        assert started[0].poll() is None
        raise KeyboardInterrupt

    monkeypatch.setattr(pictures, "_PROGRAM", "import time; time.sleep(600)")
    monkeypatch.setattr(subprocess, "Popen", noted)
    with pytest.raises(KeyboardInterrupt):
        files.write(SEVERAL, tmp_path / "figures", tmp_path / "drawn.json", interrupt)
    assert started[0].returncode == -9
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A folder with a page and figures, made from nothing."""
    store = Store(tmp_path / "sandbox")
    made = outputs.Outputs.of(settings_for(store))
    for path in (made.page, made.key_numbers, made.figures / "a.svg"):
        write_whole(path, b"made")
    leave(store, drawing("a"))
    assert holding(store) == {"page", "figures"}
    return store


def leave(store: Store, *shown: Drawing) -> None:
    """Leave what the jobs leave, as far as the next run looks."""
    leave_page(store, shown)
    content = store.report_copy_path(outputs.DRAWINGS).read_bytes()
    made_from = outputs.made_from_of_figures(sha256(content))
    markers.write(store.report_marker(outputs.FIGURES), made_from)


def leave_page(store: Store, shown: Sequence[Drawing]) -> None:
    content = drawings.encode(shown)
    write_whole(store.report_copy_path(outputs.DRAWINGS), content)
    said = {"sha256": sha256(content), "bytes": len(content)}
    markers.write(store.report_marker(outputs.PAGE), outputs.made_from_of_page(store), **said)


def holding(store: Store) -> set[str]:
    """The markers that hold when a run begins."""
    outputs.drop_stale(settings_for(store), store)
    names = (outputs.PAGE, outputs.FIGURES)
    return {name for name in names if store.report_marker(name).exists()}


def test_figures_that_are_gone_are_made_without_the_page(store: Store) -> None:
    folder = outputs.Outputs.of(settings_for(store)).figures
    folder.rename(folder.with_name("moved"))
    assert holding(store) == {"page"}


def test_a_page_made_again_by_hand_with_other_figures_has_them_made(store: Store) -> None:
    leave_page(store, [drawing("a")])
    assert holding(store) == {"page", "figures"}, "these are as they were"
    leave_page(store, [drawing("a", "another")])
    assert holding(store) == {"page"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda store, path: path.unlink(), id="gone"),
        pytest.param(lambda store, path: path.write_bytes(b"[]"), id="of another size"),
        pytest.param(
            lambda store, path: write_whole(store.duckdb_marker, b"{}"), id="of another database"
        ),
        pytest.param(
            lambda store, path: write_whole(store.verdict_path("a", "2024"), b"{}"),
            id="of before a check",
        ),
    ],
)
def test_page_and_figures_are_made_again_where_what_they_are_drawn_from_is(
    store: Store, change: Callable[[Store, Path], Any]
) -> None:
    change(store, store.report_copy_path(outputs.DRAWINGS))
    assert holding(store) == set()


@pytest.mark.parametrize("content", [b"", b"[]", None], ids=["empty", "another", "gone"])
def test_figures_are_not_made_from_what_the_page_did_not_leave(
    store: Store, content: bytes | None
) -> None:
    path = store.report_copy_path(outputs.DRAWINGS)
    assert drawings.decode(drawings.left_by_page(store)) == [drawing("a")]
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(LoadError, match="run again, and the page and its figures are made again"):
        drawings.left_by_page(store)
    assert holding(store) == set()


def test_everything_gathered_twice_is_drawn_from_the_same_bytes(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox")
    fill(store, ["lmp_da_hourly"], "2025-11-01", "2025-11-02")
    build_duckdb(store)
    settings = settings_for(store)
    one, other = (
        drawings.encode(specifications.drawings(data.gather(settings, store))) for _ in range(2)
    )
    assert one == other
    assert drawings.encode(drawings.decode(one)) == one


@pytest.mark.usefixtures("drawn")
def test_copies_for_snakemakes_own_report_are_of_figures_with_data_alone(store: Store) -> None:
    said: dict[str, Any] = {}
    it: Any = SimpleNamespace(
        settings=settings_for(store),
        store=store,
        command=print,
        advance=lambda *_: None,
        tell=said.update,
    )
    leave_page(store, [drawing("a"), drawing("b", has_data=False)])
    jobs.write_figures(it, store.report_marker(outputs.FIGURES))
    copies = store.report_copy_path("figures")
    assert {path.name for path in copies.iterdir()} == {"a.svg", "a.png", "a.csv"}
    assert said["made"] == "2 figures, 2 drawn now"
    assert holding(store) == {"page", "figures"}
    jobs.write_figures(it, store.report_marker(outputs.FIGURES))
    assert said["made"] == "2 figures, 0 drawn now"


@pytest.mark.usefixtures("drawn")
def test_the_bar_of_a_job_that_only_draws_begins_at_its_beginning(store: Store) -> None:
    shown: list[tuple[Any, ...]] = []
    it: Any = SimpleNamespace(
        settings=settings_for(store),
        store=store,
        command=print,
        advance=lambda *how_far: shown.append(how_far),
        tell=lambda **_: None,
    )
    leave_page(store, [drawing("a"), drawing("b")])
    jobs.write_figures(it, store.report_marker(outputs.FIGURES))
    assert shown == [(50, 100, "%"), (100, 100, "%")]
