"""What the address of a PostgreSQL database means, as libpq takes it.

Rules are read, and a configuration is checked, where psycopg need not be installed: so this is
libpq's grammar written down here, and the tests hold it against libpq's own.
"""

import os
import pwd
import re
from collections.abc import Mapping
from urllib.parse import unquote

from isone.errors import UsageError

SECRETS = {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
"""The parameters that nobody but the server should see."""

_URI = re.compile(
    r"postgres(?:ql)?://"
    r"(?:(?P<user>[^@/:]*)(?P<secret>:[^@/]*)?@)?(?P<hosts>[^/?]*)(?:/(?P<dbname>[^?]*))?"
    r"(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_HOST = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]]*))(?::(?P<port>\d*))?")
_PAIR = re.compile(
    r"\s*(?P<key>\w+)\s*=\s*(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?!['\s])(?P<plain>(?:[^\s\\]|\\.)*))",
    re.DOTALL,
)
_DEFAULTS = {
    "hostaddr": "PGHOSTADDR",
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
}
_LOCAL = "[local]"
"""A socket on this machine, in PostgreSQL's own words."""


def parameters(database: str) -> dict[str, str]:
    """The parameters that an address gives, by libpq's names.

    Raises UsageError, which repeats nothing of it, for what libpq would not take either.
    """
    if re.match(r"postgres(ql)?://", database):
        return _of_uri(database)
    text, given, at = database.strip(), {}, 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None:
            raise _no_address()
        value = pair["quoted"] or pair["plain"] or ""
        given[pair["key"]] = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        at = pair.end()
    if not given:
        raise _no_address()
    return given


def target(database: str, environ: Mapping[str, str] = os.environ) -> str:
    """Where a database is, without who asks: `host:port/name`, or the service's name.

    What the address leaves open comes from the environment, as in every program of PostgreSQL's.
    A service is taken by its name, with what the address says beside it.
    """
    given = parameters(database)
    service = given.get("service", environ.get("PGSERVICE"))
    if service:
        beside = [f"{k}={given[k]}" for k in ("hostaddr", "host", "port", "dbname") if k in given]
        return " ".join([f"service={service}", *beside])
    found = {k: given.get(k, environ.get(name, "")) for k, name in _DEFAULTS.items()}
    where = found["hostaddr"] or found["host"]
    if not where.startswith(("/", "@")):
        where = where.lower()
    name = found["dbname"] or found["user"] or _user_of_this_process()
    return f"{where or _LOCAL}:{found['port'] or '5432'}/{name}"


def _of_uri(database: str) -> dict[str, str]:
    requests = _URI.fullmatch(database)
    if requests is None or re.search(r"\s", database):
        raise _no_address()
    hosts = [_HOST.fullmatch(host) for host in requests["hosts"].split(",")]
    if not all(hosts):
        raise _no_address()
    given = {
        "user": requests["user"],
        "password": (requests["secret"] or "").removeprefix(":"),
        "host": ",".join(host["six"] or host["host"] or "" for host in hosts if host),
        "port": ",".join(host["port"] or "" for host in hosts if host),
        "dbname": requests["dbname"],
    }
    given = {key: _decoded(value) for key, value in given.items() if value}
    for pair in (requests["query"] or "").split("&"):
        key, equals, value = pair.partition("=")
        if pair and (not equals or "=" in value):
            raise _no_address()
        if pair:
            given[_decoded(key)] = _decoded(value)
    return given


def _decoded(text: str) -> str:
    if re.search(r"%(?!(?!00)[0-9A-Fa-f]{2})", text):
        raise _no_address()
    return unquote(text)


def _user_of_this_process() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def _no_address() -> UsageError:
    return UsageError(
        "database: this is not the address of a PostgreSQL database; "
        "write postgresql://user@host/name or service=NAME"
    )
