"""Every line of docs/unverified.md, in the order of the page."""

from collections.abc import Sequence

from isone.audit.doctor import (
    lines_constraints,
    lines_csv,
    lines_days,
    lines_load,
    lines_sandbox,
    lines_supply,
)
from isone.audit.doctor.assumptions import Check

CHECKS: Sequence[Check] = (
    *lines_csv.CHECKS,
    *lines_constraints.CHECKS,
    *lines_days.CHECKS,
    *lines_load.CHECKS,
    *lines_supply.CHECKS,
    *lines_sandbox.CHECKS,
)
