"""The page's sections in order: each module turns facts into figures and tables."""

from isone.report.facts import Facts
from isone.report.figures import Section
from isone.report.sections import (
    ancillary,
    coverage,
    prices,
    quality,
    reconciliation,
    storage,
)


def all_sections(facts: Facts) -> list[Section]:
    """Coverage first, quality last."""
    makers = (coverage, prices, ancillary, storage, reconciliation, quality)
    return [maker.section(facts) for maker in makers]
