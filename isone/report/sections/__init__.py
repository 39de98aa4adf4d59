"""The page's sections in order: each module turns the data into figures and tables."""

from dataclasses import replace

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
)


def all_sections(report: ReportData) -> list[Section]:
    """Coverage first, quality last; each caption names the years and months that are in part."""
    makers = (coverage, prices, ancillary, storage, reconciliation, quality)
    with schemapi.debug_mode(False):  # else each part of each chart is checked when it is made
        made = [maker.section(report) for maker in makers]
        made[-2:-2] = behind.sections(report)
    return [
        replace(section, figures=tuple(_with_parts(report, each) for each in section.figures))
        for section in made
    ]


def _with_parts(report: ReportData, figure: Figure) -> Figure:
    sentences = report.in_part(figure)
    return replace(figure, caption=f"{figure.caption} {sentences}") if sentences else figure
