"""Where prices come from, and whose name is shown there.

Credentials are read here, inside the job that needs them, and are bound to one host: those of the
environment to ISO-NE's own and to this machine, any others to the host they have in netrc.
"""

import contextlib
import logging
import netrc
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from isone.errors import StopRunError, UsageError
from isone.market.dataset import Dataset
from isone.market.datasets import REPORTS_PAGE
from isone.market.requests import Request
from isone.run.settings import Settings

log = logging.getLogger(__name__)

WEBSERVICES_URL = "https://webservices.iso-ne.com/api/v1.1"
REPORTS = "reports"
SANDBOX = "sandbox"
REPORTS_URL = "https://www.iso-ne.com"
ACCOUNT_HELP = (
    "set ISONE_USERNAME and ISONE_PASSWORD (a free ISO Express account, made at "
    "https://www.iso-ne.com), or add the host to ~/.netrc"
)
_VARIABLES = (
    ("ISONE_USERNAME", "ISONE_PASSWORD"),
    ("ISONE_API_USERNAME", "ISONE_API_PASSWORD"),
)
ACCOUNT_VARIABLES = tuple(name for pair in _VARIABLES for name in pair)
"""The environment variables that an account is read from."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Credentials:
    """A name and a password; the password is in no representation of it."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Source:
    """A service to ask: its name in manifests, its address, and how to introduce oneself."""

    name: str
    base_url: str
    credentials: Credentials | None = None
    page: str | None = None
    """Where the service gives public reports, the page that hands out the cookie for them."""

    @property
    def is_sandbox(self) -> bool:
        """Whether its prices are synthetic, and kept apart from real ones."""
        return self.name == SANDBOX

    @property
    def gives_reports(self) -> bool:
        """Whether the service gives public reports, and no JSON."""
        return self.page is not None

    def path(self, dataset: Dataset, request: Request) -> str:
        """Where a request is asked for, below the base URL."""
        return (
            dataset.csv_path(request) if self.gives_reports else dataset.request.url_path(request)
        )

    def url(self, path: str) -> str:
        """The address of a path below the base URL."""
        return f"{self.base_url}/{path}"


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    return _host(url) in _LOOPBACK


def webservices(settings: Settings, environ: Mapping[str, str] = os.environ) -> Source:
    """ISO-NE's web services, or a stand-in at `base_url`, with the credentials for that host.

    Raises StopRunError where the official service would be asked without credentials, and
    UsageError where credentials would travel unencrypted.
    """
    url = settings.base_url or WEBSERVICES_URL
    credentials = find_credentials(url, environ)
    if credentials is None and settings.base_url is None:
        raise StopRunError(f"no ISO-NE account is set: {ACCOUNT_HELP}; or say source=sandbox")
    if credentials is None and any(map(environ.get, ACCOUNT_VARIABLES)):
        log.warning("no account is sent to %s: %s", url, account_help(url))
    if credentials and url.startswith("http://") and not is_loopback(url):
        raise UsageError(f"base_url: {url} would carry the password unencrypted; use https")
    return Source("webservices", url, credentials)


def kind(settings: Settings, environ: Mapping[str, str] = os.environ) -> str:
    """The source that a configuration comes to: `auto` is the API with an account, else reports.

    Raises what `find_credentials` raises.
    """
    if settings.source != "auto":
        return settings.source
    if settings.base_url or find_credentials(WEBSERVICES_URL, environ):
        return "webservices"
    return REPORTS


def open_service(settings: Settings) -> Source:
    """The service of a configuration that is not the sandbox, with its credentials."""
    return reports(settings) if kind(settings) == REPORTS else webservices(settings)


def reports(settings: Settings) -> Source:
    """ISO-NE's public reports, or a stand-in at `base_url`. No account is told there."""
    return Source(REPORTS, settings.base_url or REPORTS_URL, page=REPORTS_PAGE)


def account_help(url: str) -> str:
    """How to have an account for an address."""
    if _takes_environment(_host(url)):
        return ACCOUNT_HELP
    return (
        f"ISONE_USERNAME and ISONE_PASSWORD are for {_host(WEBSERVICES_URL)} and this machine "
        f"alone; for another host add `machine {_host(url)} login … password …` to ~/.netrc"
    )


def find_credentials(url: str, environ: Mapping[str, str]) -> Credentials | None:
    """The account for a host: from the environment, else from netrc, else none.

    The environment's is for ISO-NE's own host and for this machine: a `base_url` in somebody
    else's config.yaml collects no password.
    """
    host = _host(url)
    for name_variable, password_variable in _VARIABLES if _takes_environment(host) else ():
        username, password = environ.get(name_variable), environ.get(password_variable)
        if username and password:
            return Credentials(username, password)
        if username or password:
            unset = password_variable if username else name_variable
            raise StopRunError(f"{unset} is not set, only its counterpart is: set both")
    return _from_netrc(host, environ)


def known_accounts(
    base_url: str | None, environ: Mapping[str, str] = os.environ
) -> list[Credentials]:
    """Every account that is set here, whichever of them would be sent."""
    pairs = [(environ.get(name, ""), environ.get(password)) for name, password in _VARIABLES]
    found = [Credentials(name, password) for name, password in pairs if password]
    with contextlib.suppress(UsageError):  # whoever needs that file says what is wrong in it
        hosts = [_host(url) for url in (WEBSERVICES_URL, base_url) if url]
        entries = [_from_netrc(host, environ) for host in hosts]
        found += [entry for entry in entries if entry]
    return found


def _takes_environment(host: str) -> bool:
    return host == _host(WEBSERVICES_URL) or host in _LOOPBACK


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError as error:
        raise UsageError(f"base_url: {url!r} is not a valid address: {error}") from error


def _from_netrc(host: str, environ: Mapping[str, str]) -> Credentials | None:
    try:
        path = Path(environ.get("NETRC") or Path("~/.netrc").expanduser())
    except RuntimeError:  # nobody's home is known
        return None
    try:
        entry = netrc.netrc(path).hosts.get(host)
    except FileNotFoundError:
        return None
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError) as error:
        # netrc's own message may quote the line, and with it the password
        raise UsageError(
            f"cannot read {path}: {type(error).__name__}; correct that file and run again"
        ) from None
    return Credentials(entry[0], entry[2]) if entry and entry[0] and entry[2] else None
