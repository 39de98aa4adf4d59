"""The main chart under fingers: two zoom, one moves, and the page still scrolls."""

import time
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import CDPSession, Page

CHART = "window.report.chart"
Point = tuple[float, float]


@pytest.fixture
def fingers(phone: Page) -> Iterator[CDPSession]:
    """What touches the screen; the chart shows half a day in the middle of its prices."""
    phone.evaluate(
        f"window.report.change({{from: {CHART}.curves.first + 72, to: {CHART}.curves.first + 84}})"
    )
    phone.evaluate("document.querySelector('.plot').scrollIntoView({block: 'center'})")
    session = phone.context.new_cdp_session(phone)
    yield session
    session.detach()


def touch(fingers: CDPSession, paths: Sequence[tuple[Point, Point]], steps: int = 8) -> None:
    """Put fingers down, lead each from one point to another, and lift them."""

    def points(share: float) -> list[dict[str, float]]:
        return [
            {"x": a[0] + (b[0] - a[0]) * share, "y": a[1] + (b[1] - a[1]) * share, "id": number}
            for number, (a, b) in enumerate(paths)
        ]

    def send(kind: str, at: list[dict[str, float]]) -> None:
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    send("touchStart", points(0))
    for step in range(1, steps + 1):
        send("touchMove", points(step / steps))
    time.sleep(0.2)  # fingers that rest before they are lifted fling nothing
    send("touchMove", points(1))
    send("touchEnd", [])


def plot(page: Page) -> tuple[float, float, float]:
    """The left edge of the drawn area, its width, and its middle from above."""
    box = page.locator("#main_chart .u-over").bounding_box()
    assert box is not None
    return box["x"], box["width"], box["y"] + box["height"] / 2


def stretch(page: Page) -> tuple[float, float]:
    first, last = page.evaluate(f"[{CHART}.from, {CHART}.to]")
    return first, last


def scrolled(page: Page) -> float:
    return float(page.evaluate("window.scrollY"))


def test_one_finger_sideways_moves_the_chart_and_not_the_page(
    phone: Page, fingers: CDPSession
) -> None:
    left, width, y = plot(phone)
    first, last = stretch(phone)
    before = scrolled(phone)
    touch(fingers, [((left + 0.8 * width, y), (left + 0.3 * width, y + 3))])
    phone.wait_for_function(f"{CHART}.from > {first} + 4")
    assert stretch(phone)[0] == pytest.approx(first + 6, abs=0.7)
    assert stretch(phone)[1] - stretch(phone)[0] == pytest.approx(last - first)
    assert scrolled(phone) == before


def test_two_fingers_zoom_in_and_out_around_what_is_between_them(
    phone: Page, fingers: CDPSession
) -> None:
    left, width, y = plot(phone)
    first, last = stretch(phone)
    near, far = [
        [(left + share * width, y) for share in shares] for shares in ((0.4, 0.6), (0.2, 0.8))
    ]
    touch(fingers, list(zip(near, far, strict=True)))
    phone.wait_for_function(f"{CHART}.to - {CHART}.from < 5")
    begin, end = stretch(phone)
    assert end - begin == pytest.approx((last - first) / 3, rel=0.1)
    assert (begin + end) / 2 == pytest.approx((first + last) / 2, abs=0.3)
    touch(fingers, list(zip(far, near, strict=True)))
    phone.wait_for_function(f"{CHART}.to - {CHART}.from > 11")
    assert stretch(phone) == pytest.approx((first, last), abs=0.5)
    assert phone.evaluate("visualViewport.scale") == 1


@pytest.mark.parametrize("slant", [0, 25], ids=["straight", "a little aslant"])
def test_a_swipe_up_over_the_chart_scrolls_the_page(
    phone: Page, fingers: CDPSession, slant: int
) -> None:
    left, width, y = plot(phone)
    shown, before = stretch(phone), scrolled(phone)
    touch(fingers, [((left + width / 2, y + 90), (left + width / 2 + slant, y - 110))])
    phone.wait_for_function(f"window.scrollY > {before} + 100")
    assert stretch(phone) == pytest.approx(shown, abs=0.01)


@pytest.mark.usefixtures("fingers")
def test_a_tap_reads_the_price(phone: Page) -> None:
    left, width, y = plot(phone)
    phone.touchscreen.tap(left + width / 2, y)
    phone.wait_for_selector("#main_chart .tip", state="visible")
    assert "$/MWh" in phone.inner_text("#main_chart .tip")
