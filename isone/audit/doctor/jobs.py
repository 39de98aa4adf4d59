"""A run of the doctor: look around, ask, judge, say and write what came of it."""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

from isone.audit.doctor import assumptions, plans, report, surroundings
from isone.audit.doctor.lines import CHECKS
from isone.audit.doctor.probes import Answer, Asking, Probe, short_patience
from isone.audit.doctor.report import Result, Secrets
from isone.download.client import Client
from isone.download.session import open_source
from isone.errors import StopRunError
from isone.market import market_time
from isone.run.settings import Settings
from isone.run.sources import SANDBOX, Source

_RULE = "-" * 80
_WEBSERVICES = "webservices"  # the one source that needs an account


def examine(
    settings: Settings, folder: Path, now: dt.datetime | None = None, *, everything: bool = False
) -> bool:
    """Look around and ask, print it and write it into a folder; returns whether all is well.

    With `everything` the datasets that explain prices are asked for too. `now` is the instant that
    decides which days should be published. Raises UsageError for a configuration that cannot be
    used.
    """
    now = now or market_time.now()
    secrets = Secrets(surroundings.secrets(settings))
    rows = surroundings.look(settings)
    for row in rows:
        _say(secrets, report.row_lines(row))
    try:
        with open_source(settings) as source:
            result = _ask_all(source, settings, rows, secrets, now, everything=everything)
    except StopRunError as error:  # no account where one is needed; nothing was sent
        if all(row.is_well for row in rows):
            rows.append(surroundings.Row("account", str(error), False, "Set one."))
            _say(secrets, report.row_lines(rows[-1]))
        result = Result(_WEBSERVICES, market_time.utc_now(), 0, rows, [], {})
    if proxy := surroundings.proxy(settings):
        secrets.add([proxy])  # it is shown, and not written
    report.write(result, folder, secrets)
    _say(secrets, ["", *report.conclusion(result, folder)])
    return result.is_well


def _ask_all(
    source: Source,
    settings: Settings,
    rows: list[surroundings.Row],
    secrets: Secrets,
    now: dt.datetime,
    *,
    everything: bool,
) -> Result:
    """Send the probes of a source and judge what came."""
    begun = market_time.utc_now()
    most = plans.most(is_csv=source.gives_reports, everything=everything)
    where = "a sandbox of its own" if source.is_sandbox else source.base_url
    lines = ["", f"Asking {where}: at most {most} requests, one at a time."]
    _say(secrets, [*lines, _RULE, report.heading(), _RULE])
    answers: dict[str, Answer] = {}
    with Client(source, short_patience(settings.http)) as client:
        asking = Asking(client, now.date(), most)
        for answer in _answers(asking, source, now, answers, everything=everything):
            answers[answer.probe.name] = answer
            secrets.add(asking.cookies)
            if answer.state != "not asked":
                _say(secrets, report.answer_lines(answer))
            if not any(row.name == "clock" for row in rows) and answer.headers:
                clock = surroundings.clock(answer.headers, market_time.now())
                rows += [clock] if clock else []
        sent = client.requests_sent
    _say(secrets, report.not_asked_lines(answers.values()))
    for row in (row for row in rows if row.name == "clock"):
        _say(secrets, ["", *report.row_lines(row)])
    seen = assumptions.Seen(answers, source.gives_reports, now)
    verdicts = assumptions.judge(CHECKS, seen)
    if any(answer.is_answer for answer in answers.values()):
        title = "The lines of docs/unverified.md"
        _say(secrets, ["", title, _RULE, *report.verdict_lines(verdicts)])
    name = SANDBOX if source.is_sandbox else source.name
    return Result(name, begun, sent, rows, list(answers.values()), verdicts)


def _answers(
    asking: Asking,
    source: Source,
    now: dt.datetime,
    answers: dict[str, Answer],
    *,
    everything: bool,
) -> Iterator[Answer]:
    """The answers as they come; the days of some probes follow from the answers before them."""
    chosen = list if everything else plans.of_prices
    if source.gives_reports:
        yield from _each(asking, chosen(plans.public_csv(now)), answers)
        return
    yield from _each(asking, plans.infos(now), answers)
    yield from _each(asking, chosen(plans.web_services(now, answers)), answers)


def _each(asking: Asking, probes: Iterable[Probe], answers: dict[str, Answer]) -> Iterator[Answer]:
    for probe in probes:
        if probe.name not in answers:
            yield asking.ask(probe)


def _say(secrets: Secrets, lines: Iterable[str]) -> None:
    for line in lines:
        print(secrets.hide(line), flush=True)
