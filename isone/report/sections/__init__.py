"""The page's sections in order: each module turns the data into figures and tables."""

from dataclasses import replace
from functools import lru_cache

from altair.utils import schemapi

from isone.report.data import ReportData
from isone.report.figures import Figure, Section
from isone.report.sections import (
    ancillary,
    behind,
    coverage,
    prices,
    quality,
    reconciliation,
    storage,
    zones,
)


@lru_cache(maxsize=1)  # for the page, and then for what its figures are drawn from
def all_sections(report: ReportData) -> list[Section]:
    """Prices first, quality last; each caption names the years and months that are in part.

    Where no energy price is loaded, one section says so, and it comes after ancillary services.

    A section is a module with `section(report)`, or with `sections(report)` where it may be none;
    its place here is its place on the page.
    """
    with schemapi.debug_mode(False):  # else each part of each chart is checked when it is made
        energy = prices.section(report)
        known = bool(report.locations)
        made = [
            *([energy, zones.section(report)] if known else []),
            *behind.sections(report),
            *([storage.section(report)] if known else []),
            ancillary.section(report),
            *([] if known else [energy]),
            coverage.section(report),
            reconciliation.section(report),
            quality.section(report),
        ]
    return [
        replace(section, figures=tuple(_with_parts(report, each) for each in section.figures))
        for section in made
    ]


def _with_parts(report: ReportData, figure: Figure) -> Figure:
    sentences = report.in_part(figure)
    return replace(figure, caption=f"{figure.caption} {sentences}") if sentences else figure
