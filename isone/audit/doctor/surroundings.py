"""What a run has around it: versions, folder, disk, account, proxy, clock."""

import datetime as dt
import email.utils
import os
import platform
import shutil
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

import requests

from isone import __version__
from isone.download import proxies
from isone.errors import IsoneError
from isone.run import sources
from isone.run.settings import Settings
from isone.run.sources import REPORTS_URL, WEBSERVICES_URL
from isone.store.files import nearest_existing
from isone.text import size

_PACKAGES = ("snakemake", "requests", "urllib3", "msgspec", "numpy", "pyarrow", "duckdb")
_ENOUGH = 2e9
"""Bytes; the default year takes less than one GB."""
_CLOCK_OFF = 60
"""Seconds by which this machine's clock may differ from the service's."""


@dataclass(frozen=True)
class Row:
    """One thing that was looked at."""

    name: str
    said: str
    is_well: bool = True
    advice: str = ""
    """What to do, where it is not well."""
    private: bool = False
    """Whether what is said belongs to this machine, and stays out of doctor.json."""


def look(settings: Settings) -> list[Row]:
    """All that can be seen without a request."""
    return [
        *_versions(),
        _folder(settings),
        _disk(settings),
        _account(settings),
        _proxy(settings),
    ]


def address(settings: Settings) -> str:
    """The base URL of the source that is set; "" where a sandbox is started for it."""
    if settings.base_url or settings.source == "sandbox":
        return settings.base_url or ""
    try:
        is_csv = sources.kind(settings) == sources.REPORTS
    except IsoneError:  # the account's own row says so
        is_csv = False
    return REPORTS_URL if is_csv else WEBSERVICES_URL


def clock(headers: Mapping[str, str], now: dt.datetime) -> Row | None:
    """This machine's clock beside the service's; None where that does not tell the time."""
    try:
        theirs = email.utils.parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=dt.UTC)
    off = (now - theirs).total_seconds()
    if abs(off) <= _CLOCK_OFF:
        return Row("clock", "agrees with the service's")
    said = f"{abs(off):,.0f} s {'ahead of' if off > 0 else 'behind'} the service's"
    return Row("clock", said, False, "Set this machine's clock: it decides what is published.")


def secrets(settings: Settings, environ: Mapping[str, str] = os.environ) -> set[str]:
    """Every user name and password that is set here: no line or file may hold one."""
    accounts = sources.known_accounts(settings.base_url, environ)
    names = (*sources.ACCOUNT_VARIABLES, "ISONE_SANDBOX_USERNAME", "ISONE_SANDBOX_PASSWORD")
    found = {environ.get(name, "") for name in names}
    found |= {text for each in accounts for text in (each.username, each.password)}
    return {text for text in found if text}


def _versions() -> list[Row]:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} is not installed")
    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return [
        Row("versions", f"isone {__version__}, {system}, {ssl.OPENSSL_VERSION}"),
        Row("packages", ", ".join(found)),
    ]


def _folder(settings: Settings) -> Row:
    folder = settings.store_dir
    nearest = nearest_existing(folder)
    stored = sum(1 for _ in folder.glob("complete/*/*.json"))
    what = f"{stored:,} complete" if stored else "nothing complete yet"
    if os.access(nearest, os.W_OK | os.X_OK):
        return Row("folder", f"{folder}: can be written, {what}", private=folder.is_absolute())
    advice = f"Make {nearest} writable for you, or set data_dir to another folder."
    return Row("folder", f"{folder} cannot be written", False, advice, folder.is_absolute())


def _disk(settings: Settings) -> Row:
    free = shutil.disk_usage(nearest_existing(settings.store_dir)).free
    said = f"{size(free)} free"
    if free >= _ENOUGH:
        return Row("disk", said)
    return Row("disk", said, False, "Free some space, or set data_dir to a larger disk.")


def _account(settings: Settings) -> Row:
    if settings.source == "sandbox":
        return Row("account", "the sandbox needs none")
    url = address(settings)
    try:
        kind = sources.kind(settings)
        if kind == sources.REPORTS:
            return Row("account", "public CSV needs none")
        found = sources.find_credentials(url, os.environ)
    except IsoneError as error:
        advice = "See docs/troubleshooting.md, The account."
        return Row("account", str(error), False, advice)
    if found:
        in_environment = any(map(os.environ.get, sources.ACCOUNT_VARIABLES))
        return Row("account", f"set, {'in the environment' if in_environment else 'in netrc'}")
    how = sources.account_help(url)
    advice = f"{how[0].upper()}{how[1:]}; or use --source reports."
    return Row("account", "none is set", settings.base_url is not None, advice)


def proxy(settings: Settings) -> str | None:
    """The proxy on the way to the source, without the account in it; None without one."""
    url = address(settings)
    if not url or sources.is_loopback(url):
        return None
    return proxies.find(url, requests.utils.get_environ_proxies(url))


def _proxy(settings: Settings) -> Row:
    found = proxy(settings)
    authority = ", with ca_bundle" if settings.http.ca_bundle else ""
    return Row("proxy", f"{found or 'none'}{authority}", private=found is not None)
