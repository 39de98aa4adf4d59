"""Stores for the report's tests, their pages, and a browser that is cut off from the network."""

import contextlib
import copy
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filled import build_duckdb, fill, settings_for
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from isone.report import data, page
from isone.report.charts import ancillary, behind, calendar, prices, spreads
from isone.report.charts.theme import Spec
from isone.report.data import ReportData
from isone.run.settings import read_settings
from isone.store.store import Store

DATASETS = (
    "lmp_da_hourly",
    "lmp_rt_hourly",
    "lmp_rt_5min",
    "regulation_5min",
    "reserve_5min",
    "reserve_da_hourly",
)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
Open = Callable[..., Page]


@pytest.fixture(scope="session", autouse=True)
def _charts_once() -> Iterator[None]:
    """Make each chart once for all tests: it hangs on its arguments alone, and Altair is slow."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (ancillary, behind, calendar, prices, spreads):
            for name, made in list(vars(module).items()):
                if getattr(made, "__annotations__", {}).get("return") == Spec:
                    patch.setattr(module, name, _remembered(made))
        yield


def _remembered(make: Callable[..., Spec]) -> Callable[..., Spec]:
    known: dict[str, Spec] = {}

    def made(*arguments: Any, **options: Any) -> Spec:
        key = repr((arguments, options))
        if key not in known:
            known[key] = make(*arguments, **options)
        return copy.deepcopy(known[key])

    return made


@pytest.fixture(scope="session")
def usual(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """Two months of two years, all datasets that a page can show; clocks go back in the first."""
    store = Store(tmp_path_factory.mktemp("usual") / "sandbox")
    fill(store, DATASETS, "2025-10-28", "2025-11-04")
    fill(store, DATASETS, "2026-01-01", "2026-01-05")
    build_duckdb(store)
    return data.gather(settings_for(store, years="2025 2026"), store)


@pytest.fixture(scope="session")
def usual_page(usual: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the usual store."""
    return written(page.write(usual), tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """ISO-NE's real prices of January to March 2017; not part of the project."""
    replay = Path(__file__).resolve().parents[3] / "shared" / "isone" / "replay"
    if not replay.exists():
        pytest.skip(f"no recorded responses at {replay}")
    root = tmp_path_factory.mktemp("replay")
    store = Store(root / "data")
    fill(
        store,
        ["lmp_da_hourly", "lmp_rt_hourly", "regulation_hourly"],
        *("2017-01-01", "2017-03-31"),
        source="webservices",
        replay=replay,
        replay_only=True,
    )
    build_duckdb(store)
    config = {"years": "2017", "data_dir": str(store.root), "log_dir": str(root / "logs")}
    return data.gather(read_settings(config | {"source": "webservices"}), store)


def written(html: str, folder: Path) -> Path:
    """A page as a file."""
    path = folder / "isone.html"
    path.write_text(html, "utf-8")
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Where it is absent, tests skip; where CI is set, they fail."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        sentence = f"no browser: none of {', '.join(CHROMIUM)} is installed"
        pytest.fail(sentence) if os.environ.get("CI") else pytest.skip(sentence)
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=OPTIONS)
        yield started
        started.close()


@contextlib.contextmanager
def offline(browser: Browser) -> Iterator[Open]:
    """What opens pages with the network cut and waits until they are drawn.

    What the console said, and what was asked for over the network, fails in the end.
    """
    trouble: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            trouble.append(f"{message.type}: {message.text}")

    def opened(
        path: Path, *, width: int = 1280, height: int = 900, after: str = "", touch: bool = False
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            offline=True,
            accept_downloads=True,
            has_touch=touch,
            is_mobile=touch,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("file:", "data:", "blob:"))
                else trouble.append(f"request: {request.url}")
            ),
        )
        page.goto(path.as_uri() + after)
        page.wait_for_selector("body[data-drawn=yes]", timeout=60_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a page with the network cut, for one test."""
    with offline(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def reader(browser: Browser, usual_page: Path) -> Iterator[Page]:
    """The page of the usual store, open for all tests of a module; each chooses anew."""
    with offline(browser) as opened:
        yield opened(usual_page)


@pytest.fixture(scope="module")
def phone(browser: Browser, usual_page: Path) -> Iterator[Page]:
    """The page of the usual store on a phone, open for all tests of a module."""
    with offline(browser) as opened:
        yield opened(usual_page, width=390, height=844, touch=True)
