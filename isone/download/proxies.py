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
_NO_PROXY = {HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
"""What servers that are no proxies answer to CONNECT."""


def find(url: str, proxies: Mapping[str, str]) -> str | None:
    """The proxy on the way to an address, without the account in it; None where there is none.

    Raises StopRunError for one that is said to speak SOCKS, but not which.
    """
    proxy = requests.utils.select_proxy(url, dict(proxies))
    found = re.sub(r"^(\w+://)?.*@", r"\1", proxy) if proxy else None
    if found and found.lower().startswith("socks://"):
        raise StopRunError(
            f"the proxy {found} says no version of SOCKS: write socks5h://host:port into "
            "HTTPS_PROXY or ALL_PROXY"
        )
    return found


def speaks_for(url: str, proxy: str | None) -> str:
    """Who may have answered in the place of the service, in words; empty where nobody can."""
    return f" (through the proxy {proxy})" if proxy and url.startswith("http://") else ""


def wants_login(proxy: str, status: int = HTTPStatus.PROXY_AUTHENTICATION_REQUIRED) -> StopRunError:
    """What a 407 means, and a 401 on the way, where no service can have said it yet."""
    return _wants_account(proxy, f"asks for an account ({status:d})")


def _wants_account(proxy: str, said: str) -> StopRunError:
    scheme = proxy.partition("://")[0] if "://" in proxy else "http"
    return StopRunError(
        f"the proxy {proxy} {said}: write {scheme}://user:password@host:port into HTTPS_PROXY, or "
        "ask whoever runs it"
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
    if proxy.lower().startswith("socks"):
        return _of_socks(cause, proxy, host)
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
    return _of_status(int(answered[1]), proxy, host)


def _of_status(status: int, proxy: str, host: str | None) -> IsoneError:
    """What a proxy means by the status that it answers CONNECT with."""
    if status in {HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, HTTPStatus.UNAUTHORIZED}:
        return wants_login(proxy, status)
    if status == HTTPStatus.FORBIDDEN:
        return StopRunError(
            f"the proxy {proxy} forbids the way to {host} (403): have it allowed there, or go "
            f"past the proxy with NO_PROXY={host}"
        )
    said = f"the proxy {proxy} answered {status} instead of leading to {host}"
    if status in _NO_PROXY:
        return StopRunError(f"{said}: is it a proxy at all, and one for https? {_WRITE}")
    return TransientError(said)


def _of_socks(cause: BaseException, proxy: str, host: str | None) -> IsoneError | None:
    """What PySocks says, whose errors urllib3 wraps; None where it has no part in it."""
    error = cause.__context__
    said = str(error).removeprefix("Socket error: ")
    if type(error).__name__ == "ProxyConnectionError":
        return TransientError(f"the proxy {proxy} cannot be reached: is HTTPS_PROXY right?")
    if not type(error).__module__.startswith("socks"):
        return None
    if "authentication" in said:
        return _wants_account(proxy, "refuses the account")
    return TransientError(f"the proxy {proxy} does not lead to {host} ({said})")


def _why(cause: BaseException) -> str:
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return "its name cannot be looked up"
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        refused = cause.__cause__
        return str(getattr(refused, "strerror", "") or "no connection").lower()
    if isinstance(cause, urllib3.exceptions.ConnectTimeoutError):
        return "no connection within the connect_timeout"
    return "the connection broke"
