"""What draws in the page: charts that are valid, and a script that is put together once."""

import subprocess
from pathlib import Path

import altair
import pytest
from altair.utils.schemapi import validate_jsonschema

from isone.report import vega
from isone.report.data import ReportData
from isone.report.sections import all_sections

MADE = "made</script>"
FIT = r"made\x3c/script>"
PROGRAM = f"import sys; sys.stdout.write({MADE!r})"


def test_every_chart_is_valid_vega_lite(usual: ReportData) -> None:
    charts = [each.chart for section in all_sections(usual) for each in section.figures]
    drawn = [chart for chart in charts if chart is not None]
    assert len(drawn) > 9
    for chart in drawn:
        validate_jsonschema(chart, altair.load_schema())
    with pytest.raises(Exception, match="'nonsense'"):
        validate_jsonschema(drawn[0] | {"autosize": "nonsense"}, altair.load_schema())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, and a script that is made in no time."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(vega, "_PROGRAM", PROGRAM)
    return tmp_path / "cache"


def test_the_script_is_made_once_and_kept_for_the_next_page(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with vega.beside() as script:
        assert script() == FIT
    (kept,) = (cache / "isone").iterdir()
    assert kept.read_text() == MADE
    monkeypatch.setattr(subprocess, "Popen", None)
    with vega.beside() as script:
        assert script() == FIT
    assert vega.library.__wrapped__() == FIT


def test_where_nothing_can_be_kept_the_script_is_made_each_time(cache: Path) -> None:
    cache.write_text("no folder")
    for _ in range(2):
        with vega.beside() as script:
            assert script() == FIT


def test_where_its_process_fails_the_script_is_made_here(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vega, "_PROGRAM", "import sys; sys.exit(1)")
    monkeypatch.setattr(vega, "_made_here", lambda: MADE)
    with vega.beside() as script:
        assert script() == FIT
    assert [path.read_text() for path in cache.rglob("*.js")] == [MADE]
