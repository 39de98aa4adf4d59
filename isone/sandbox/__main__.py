"""`python -m isone.sandbox`: serve until interrupted."""

import argparse
import datetime as dt
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

from isone.errors import UsageError
from isone.sandbox.faults.catalogue import FAULTS
from isone.sandbox.faults.fault import LOGIN_PATH
from isone.sandbox.standin import Sandbox


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one sentence; the page of usage is `--help`'s."""
        self.exit(2, f"{self.prog}: {message.rstrip('.')}. See --help.\n")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2024-01-31") from None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m isone.sandbox",
        description="Serve a local stand-in of ISO New England's web services: the same URLs and "
        "shapes, synthetic prices, faults on demand. Prints its base URL and serves until "
        "interrupted.",
    )
    _add_where(parser)
    _add_what(parser)
    _add_how(parser)
    _add_faults(parser)
    return parser


def _add_where(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where it serves")
    where.add_argument("--host", default="127.0.0.1", help="loopback address (%(default)s)")
    where.add_argument(
        "--port", type=int, default=8080, help="port; 0 takes any free one (%(default)s)"
    )
    where.add_argument(
        "--until-end-of-input",
        action="store_true",
        help="end with the standard input, too, as with the program at its other end",
    )


def _add_what(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what it serves")
    what.add_argument(
        "--nodes",
        type=int,
        default=12,
        metavar="N",
        help="network nodes besides the hub, the eight load zones and the seven external nodes; "
        "1184 is full scale (%(default)s); the eighth and each 300th after it is in no list of "
        "locations, as a retired one",
    )
    what.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="another seed invents other prices (%(default)s)",
    )
    what.add_argument(
        "--today",
        type=_day,
        metavar="YYYY-MM-DD",
        help="the day, taken at noon, that decides what is published (the clock's)",
    )
    what.add_argument(
        "--replay",
        metavar="FOLDER",
        help="serve recorded responses from here before inventing any; the folder is laid out as "
        "the URLs are: FOLDER/api/v1.1/hourlylmp/da/final/day/20170101.json, or .json.gz",
    )
    what.add_argument(
        "--replay-only",
        action="store_true",
        help="answer 404 to what is not recorded, instead of inventing it",
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("how it serves")
    how.add_argument(
        "--latency",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="wait this long before each answer (%(default)s)",
    )
    how.add_argument(
        "--require-login",
        action="store_true",
        help="ask for a login: the environment's ISONE_SANDBOX_USERNAME and "
        "ISONE_SANDBOX_PASSWORD, each 'sandbox' where unset",
    )
    how.add_argument(
        "--rate-limit",
        type=int,
        metavar="N",
        help="answer 429 to more than N requests a minute (no limit)",
    )
    how.add_argument(
        "--retry-after",
        type=int,
        metavar="SECONDS",
        help="name this Retry-After with each 429 and 503 (none is named)",
    )
    how.add_argument(
        "--request-log",
        metavar="FILE",
        help="append each request to this file, as a line of JSON",
    )


def _add_faults(parser: argparse.ArgumentParser) -> None:
    wrong = parser.add_argument_group("what goes wrong")
    wrong.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[:PATHGLOB][xCOUNT]",
        help="let the first COUNT requests whose path matches suffer this fault; without COUNT "
        "all of them, without PATHGLOB any path; repeatable: "
        "--fault 'server-error:*/day/20240105*x2'",
    )
    wrong.add_argument(
        "--fault-rate",
        type=float,
        metavar="SHARE",
        help="let only this share of the requests suffer one of the faults named, by chance",
    )
    wrong.add_argument(
        "--hold",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long the faults 'silence' and 'stall' last (%(default)s)",
    )
    wrong.add_argument(
        "--redirect-to",
        default=LOGIN_PATH,
        metavar="URL",
        help="where the fault 'login-redirect' leads: a path, or a URL on another host "
        "(%(default)s)",
    )
    wrong.add_argument(
        "--list-faults", action="store_true", help="print the faults, a line each, and end"
    )


def _list_faults() -> None:
    width = max(map(len, FAULTS))
    for fault in FAULTS.values():
        print(f"{fault.name:<{width}}  {fault.summary}")


def _login() -> tuple[str, str]:
    """The username and password of the environment, each `sandbox` where unset."""
    return (
        os.environ.get("ISONE_SANDBOX_USERNAME") or "sandbox",
        os.environ.get("ISONE_SANDBOX_PASSWORD") or "sandbox",
    )


def _await_end(interrupted: threading.Event) -> None:
    """Interrupt once the standard input has ended."""
    while os.read(0, 1 << 12):
        pass
    interrupted.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox by itself; returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.list_faults:
        _list_faults()
        return 0
    username, password = _login() if options.require_login else (None, None)
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    try:
        with Sandbox(
            nodes=options.nodes,
            seed=options.seed,
            today=options.today,
            host=options.host,
            port=options.port,
            latency=options.latency,
            username=username,
            password=password,
            rate_limit=options.rate_limit,
            retry_after=options.retry_after,
            hold=options.hold,
            redirect_to=options.redirect_to,
            faults=options.fault,
            fault_rate=options.fault_rate,
            replay=options.replay,
            replay_only=options.replay_only,
            requests_log=options.request_log,
        ) as sandbox:
            print(sandbox.url, flush=True)
            if options.until_end_of_input:
                threading.Thread(target=_await_end, args=(interrupted,), daemon=True).start()
            interrupted.wait()
    except UsageError as error:
        print(f"python -m isone.sandbox: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
