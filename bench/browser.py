"""The report's page in a browser.

How large the page of one year and of seven is, how long it takes to make, when a headless Chromium
has painted it, and how long a zoom of its main chart takes, from the choice to the drawn frame: of
the Hub, with three zones beside it, and of the basis of all zones. The network is cut. Hub and
zones, day-ahead and real-time hours, as in the part `report`.
"""

import contextlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.lines import Line
from bench.options import Options
from bench.report import configuration, years_at_hand

LARGEST = 4.0  # MB
BUILT, PAINTED, ZOOMED = 5.0, 1.0, 0.1  # seconds
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_ZOOMS = """
async () => {
  const { chart } = window.report;
  const { first, end } = chart.curves;
  const took = [];
  const all = chart.curves.locations.map(({ id }) => id);
  for (const [compare, basis] of [[[], false], [[4001, 4004, 4008], false], [all, true]]) {
    for (let length = end - first; length > 24; length /= 1.7) {
      const from = first + (end - first - length) * 0.7;
      const begun = performance.now();
      await chart.show({ ...chart.choice, compare, basis, from, to: from + length });
      await new Promise((drawn) => { requestAnimationFrame(() => setTimeout(drawn)); });
      took.push(performance.now() - begun);
    }
  }
  return took;
}
"""


def measure(options: Options) -> Iterator[Line]:
    """The page of one year and of seven."""
    for years in (1,) if options.quick else (1, 7):
        yield from _lines(options, years)


def _lines(options: Options, years: int) -> Iterator[Line]:
    from isone.report.jobs import make_page
    from isone.report.outputs import Outputs
    from isone.run.settings import read_settings

    data = years_at_hand(options.folder, years)
    what = f"{years} year{'s' * (years > 1)}"
    built = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stderr(nowhere),
    ):
        to = Outputs(Path(folder))
        for _ in range(options.rounds):
            begun = time.perf_counter()
            make_page(read_settings(configuration(data, years)), to)
            built.append(time.perf_counter() - begun)
        size = to.page.stat().st_size / 1e6
        painted, zooms = _in_browser(to.page, options.rounds)
    yield _line(f"the page of {what}: its size, MB", size, LARGEST)
    yield _line(f"… made, s (best of {options.rounds})", min(built), BUILT)
    yield _line("… first paint, s (median)", statistics.median(painted), PAINTED)
    yield _line("… a zoom, s (median)", statistics.median(zooms), ZOOMED)
    yield _line("… the slowest zoom, s", max(zooms), ZOOMED)


def _line(what: str, ours: float, most: float) -> Line:
    return Line(what, f"{ours:.3f}", "target", f"{most:g}", ours / most, at_most=1)


def _in_browser(page: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds to the first paint, of each opening; seconds of each zoom, of the last one."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if program is None:
        raise SystemExit(f"no browser: none of {', '.join(_CHROMIUM)} is installed")
    painted, zooms = [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(rounds):
            context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
            shown = context.new_page()
            shown.goto(page.as_uri())
            shown.wait_for_selector("body[data-drawn=yes]", timeout=120_000)
            painted.append(shown.evaluate(_PAINTED) / 1000)
            zooms = [each / 1000 for each in shown.evaluate(_ZOOMS)]
            context.close()
        browser.close()
    return painted, zooms


def subjects(options: Options) -> dict[str, list[str]]:
    """Nothing to look into: the part `report` shows where the time of making it goes."""
    return {}
