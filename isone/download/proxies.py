"""The proxy between here and a service, and what goes wrong at it.

Which one there is requests reads from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`,
`NO_PROXY`).
"""

import re
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
import urllib3

from isone.errors import IsoneError, StopRunError, TransientError

_WRITE = "write http://host:port into HTTPS_PROXY"


def find(url: str, proxies: Mapping[str, str]) -> str | None:
    """The proxy on the way to an address, without the account in it; None where there is none."""
    proxy = requests.utils.select_proxy(url, dict(proxies))
    return re.sub(r"^(\w+://)?.*@", r"\1", proxy) if proxy else None


def wants_login(proxy: str) -> StopRunError:
    """What a 407 means."""
    return StopRunError(
        f"the proxy {proxy} asks for an account (407): write http://user:password@host:port into "
        "HTTPS_PROXY, or ask whoever runs it"
    )


def explain(error: Exception, cause: BaseException, proxy: str, url: str) -> IsoneError | None:
    """What an error of requests says of the proxy; None where the proxy has no part in it.

    A StopRunError where no other try can succeed, else a TransientError.
    """
    host = urlsplit(url).hostname
    if isinstance(error, requests.exceptions.InvalidSchema):
        return StopRunError(
            f"the proxy {proxy} speaks SOCKS, and what that needs is not installed: "
            "pip install pysocks, or name an HTTP proxy in HTTPS_PROXY"
        )
    if isinstance(error, requests.exceptions.InvalidURL):  # InvalidProxyURL is one too
        return StopRunError(f"the proxy {proxy} has no address that can be asked: {_WRITE}")
    if not isinstance(error, requests.exceptions.ProxyError):
        return None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return StopRunError(
            f"the certificate of the proxy {proxy} is not trusted ({cause.verify_message}): name "
            "its authority with ca_bundle=FILE"
        )
    if isinstance(cause, ssl.SSLError):
        return StopRunError(f"the proxy {proxy} speaks no TLS: {_WRITE}")
    answered = re.match(r"Tunnel connection failed: (\d{3})\b", str(cause))
    if not answered:
        return TransientError(
            f"the proxy {proxy} cannot be reached ({_why(cause)}): is HTTPS_PROXY right?"
        )
    status = int(answered[1])
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return wants_login(proxy)
    if status == HTTPStatus.FORBIDDEN:
        return StopRunError(
            f"the proxy {proxy} forbids the way to {host} (403): have it allowed there, or go "
            f"past the proxy with NO_PROXY={host}"
        )
    return TransientError(f"the proxy {proxy} answered {status} instead of leading to {host}")


def _why(cause: BaseException) -> str:
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return "its name cannot be looked up"
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        refused = cause.__cause__
        return str(getattr(refused, "strerror", "") or "no connection").lower()
    if isinstance(cause, urllib3.exceptions.ConnectTimeoutError):
        return "no connection within the connect_timeout"
    return "the connection broke"
