"""A message when a job failed or a gap was accepted again: mail, Slack, a webhook, by apprise.

Where it goes is in the environment alone (`ISONE_NOTIFY`, one or more of apprise's URLs), for
such a URL holds passwords and tokens. Nothing here raises: a message that cannot be sent is told on
stderr, and changes nothing about how the run ended.
"""

import importlib
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

from isone.run import status
from isone.run.console import announce
from isone.run.plan import Plan
from isone.run.status import State
from isone.run.summary import missing_days
from isone.store.store import Store
from isone.text import count

VARIABLE = "ISONE_NOTIFY"


_remembered: list[str] = []


def wanted(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The addresses of the environment; empty where nobody wants to be told."""
    return environ.get(VARIABLE, "").split() or list(_remembered)


def remember() -> None:
    """Take the addresses out of the environment, which jobs on other machines would inherit."""
    _remembered[:] = wanted()
    os.environ.pop(VARIABLE, None)


def why_impossible() -> str:
    """Why no message will be sent though some are wanted, in a sentence; empty if all is well."""
    addresses, apprise = wanted(), _apprise() if wanted() else None
    if addresses and apprise is None:
        return (
            f"{VARIABLE} is set, but apprise is not installed, so no message will be sent: "
            "pip install apprise, in the environment that runs the workflow"
        )
    unknown = [n for n, each in enumerate(addresses, 1) if not _is_known(apprise, each)]
    if not unknown:
        return ""
    which = f"address {unknown[0]} of {len(addresses)}" if len(addresses) > 1 else "the address"
    return (
        f"{VARIABLE}: {which} is none that apprise knows (it is not repeated here, for it may hold "
        "a password), so no message goes there; write it as https://appriseit.com shows"
    )


def tell_end(store: Store) -> None:
    """Send what has failed in the run that ends now and which gaps it accepted; nothing if none."""
    addresses = wanted()
    plan = status.read_plan(store)
    if not addresses or plan is None:
        return
    found = status.states(store, plan, status.shown_id(store), ended=True)
    text = message(
        plan, found, status.failed_otherwise(store, plan, status.shown_id(store), ended=True)
    )
    if not text:
        return
    title, _, body = text.partition("\n")
    if not _send(addresses, title, body):
        _say("the message about this run could not be sent; the summary above says the same")


def tell_refusal(plan: Plan, sentence: str) -> None:
    """Send why a run did not begin."""
    addresses = wanted()
    if addresses and not _send(
        addresses, f"ISO-NE prices{_kind(plan)}: the run did not begin", sentence
    ):
        _say("the message about this could not be sent")


def message(plan: Plan, states: Sequence[State], others: Sequence[State] = ()) -> str:
    """What there is to tell of a run, the title in the first line; empty where all went well.

    `others` are the jobs beside its downloads that failed.
    """
    bad = [state for state in states if not state.good]
    gaps = [(state, day, reason) for state in states
            for day, reason in state.status.gaps.items()]  # fmt: skip
    if not bad and not gaps and not others:
        return ""
    counts = [f"{len(bad)} of {count(len(states), 'download')} not complete"] if bad else []
    counts += [f"{count(len(others), 'other job')} failed"] if others else []
    counts += [f"{count(len(gaps), 'gap')} accepted"] if gaps else []
    lines = [f"ISO-NE prices{_kind(plan)}: {', '.join(counts)}"]
    for state in (*bad, *others):
        lines.append(f"{state.planned.name}: {state.word.lower()}")
        if state.status.message:
            lines.append(f"  {state.status.message}")
        lines += [f"  {line}" for line in missing_days(state.status)]
    lines += [f"{s.planned.name}: gap on {day} accepted: {reason}" for s, day, reason in gaps]
    return "\n".join([*lines, f"Started {plan.started}, data in {plan.data_dir}"])


def _kind(plan: Plan) -> str:
    return " (synthetic prices)" if plan.source == "sandbox" else ""


def _send(addresses: list[str], title: str, body: str) -> bool:
    """Hand the message on; False where an address is wrong or does not take it."""
    apprise = _apprise()
    if apprise is None:
        return False
    try:
        receiver = apprise.Apprise()
        known = [receiver.add(address) for address in addresses]
        return bool(receiver.notify(title=title, body=body)) and all(known)
    except Exception:  # whatever it is, it must not turn a run's end into another one
        return False


def _is_known(apprise: Any, address: str) -> bool:
    try:
        return bool(apprise.Apprise().add(address))
    except Exception:  # that is no word about the address
        return True


def _apprise() -> Any:
    """The module, or None where it is not installed."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its lines may show an address
    try:
        return importlib.import_module("apprise")
    except ImportError:
        return None


def _say(sentence: str) -> None:
    announce(f"# {sentence}")
