"""Real proxies from Debian between here and a service: tinyproxy, and microsocks for SOCKS."""

import shutil
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from torture import servers
from torture.faults.rig import POLICY, Peer, read_head, response
from torture.servers import FUTURE, PAST, Running

from isone.download import client as the_client
from isone.download.client import Client
from isone.errors import IsoneError, StopRunError
from isone.run.sources import Source
from isone.sandbox import Sandbox

DAY = "hourlylmp/da/final/day/20240102"
LOGIN = ("BasicAuth me canary-right",)
NOWHERE = "https://127.0.0.1:1/api/v1.1"

needs_tinyproxy = pytest.mark.skipif(
    not servers.is_here("tinyproxy"), reason="tinyproxy is not installed"
)


class Asked(NamedTuple):
    """What came of asking: the body, or the sentence; and after how many requests."""

    body: bytes
    said: str
    tries: int
    stopped: bool


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Asked]:
    """Ask a service on this machine through the proxy that the environment names."""
    monkeypatch.setattr(the_client, "is_loopback", lambda url: False)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def through(url: str, ca_bundle: str | None = None, **environ: str) -> Asked:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        policy = replace(POLICY, backoff_total=20, ca_bundle=ca_bundle)
        tries = 0
        try:
            source = Source("webservices", url)
            with Client(source, policy, sleep=lambda _: None) as client:
                try:
                    return Asked(client.fetch(DAY), "", 1, stopped=False)
                finally:
                    tries = client.requests_sent
        except IsoneError as error:
            assert "canary" not in str(error)
            return Asked(b"", str(error), tries, isinstance(error, StopRunError))

    return through


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(nodes=0, server_name="isone-test-service") as running:
        yield running


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A proxy that wants an account."""
    with servers.tinyproxy(tmp_path_factory.mktemp("proxy"), *LOGIN) as running:
        yield running


@needs_tinyproxy
@pytest.mark.parametrize("account", ["me:canary-right", "me:canary%2Dright"])
def test_a_proxy_with_an_account_leads_to_the_service(
    ask: Callable[..., Asked], service: Sandbox, proxy: Running, account: str
) -> None:
    asked = ask(service.url, http_proxy=f"http://{account}@127.0.0.1:{proxy.port}")
    assert asked.body == ask(service.url, NO_PROXY="127.0.0.1").body != b""


@needs_tinyproxy
@pytest.mark.parametrize("exception", ["127.0.0.1", "127.0.0.0/8", "*"])
def test_no_proxy_goes_past_it(
    ask: Callable[..., Asked], service: Sandbox, proxy: Running, exception: str
) -> None:
    before = proxy.lines("Request")
    where = f"http://127.0.0.1:{proxy.port}"
    assert ask(service.url, http_proxy=where, NO_PROXY=exception).body
    assert proxy.lines("Request") == before


@needs_tinyproxy
@pytest.mark.parametrize("account", ["", "me@", "me:canary-wrong@", "me:canary-пароль@"])
def test_a_wrong_account_stops_the_run_and_the_proxy_is_named(
    ask: Callable[..., Asked], proxy: Running, account: str
) -> None:
    asked = ask(NOWHERE, HTTPS_PROXY=f"http://{account}127.0.0.1:{proxy.port}")
    assert f"the proxy http://127.0.0.1:{proxy.port} asks for an account (40" in asked.said
    assert (asked.tries, asked.stopped) == (1, True)


@needs_tinyproxy
def test_what_a_proxy_says_in_the_place_of_the_service_is_not_laid_to_the_service_alone(
    ask: Callable[..., Asked], service: Sandbox, proxy: Running, tmp_path: Path
) -> None:
    where = f"127.0.0.1:{proxy.port}"
    asked = ask(service.url, http_proxy=f"http://me:canary-wrong@{where}")
    assert f"(through the proxy http://{where}) refused the account (401)" in asked.said
    asked = ask("http://127.0.0.1:1/api", http_proxy=f"http://me:canary-right@{where}")
    assert f"500 Internal Server Error (through the proxy http://{where})" in asked.said
    assert "has never answered" in asked.said
    with servers.tinyproxy(tmp_path, "Deny 127.0.0.1") as closed:
        asked = ask(service.url, http_proxy=f"http://127.0.0.1:{closed.port}")
        assert f"(through the proxy http://127.0.0.1:{closed.port}) forbids" in asked.said


@needs_tinyproxy
def test_a_proxy_that_refuses_to_connect_stops_the_run(
    ask: Callable[..., Asked], tmp_path: Path
) -> None:
    with servers.tinyproxy(tmp_path, "ConnectPort 443") as proxy:
        asked = ask(NOWHERE, HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}")
    assert "forbids the way to 127.0.0.1 (403)" in asked.said
    assert (asked.tries, asked.stopped) == (1, True)


def test_a_server_that_is_no_proxy_stops_the_run(
    ask: Callable[..., Asked], service: Sandbox
) -> None:
    asked = ask(NOWHERE, HTTPS_PROXY=service.url.removesuffix("/api/v1.1"))
    assert "answered 405 instead of leading to 127.0.0.1: is it a proxy at all" in asked.said
    assert (asked.tries, asked.stopped) == (1, True)


def test_the_certificate_of_a_proxy_is_checked_before_it_is_told_a_password(
    ask: Callable[..., Asked], certificate: Callable[..., Path]
) -> None:
    path = certificate("proxy", begins=PAST, ends=FUTURE)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    heads: list[str] = []

    def answer(connection: object, _number: int) -> None:
        heads.append(read_head(connection))  # type: ignore[arg-type]
        connection.sendall(response(b"anything"))  # type: ignore[attr-defined]

    with Peer(answer, tls) as peer:
        there = f"https://me:canary-right@127.0.0.1:{peer.port}"
        asked = ask("http://service.invalid/api", http_proxy=there)
        assert f"certificate of the proxy https://127.0.0.1:{peer.port} is not trust" in asked.said
        assert (asked.tries, asked.stopped, heads) == (1, True, [])
        asked = ask("http://service.invalid/api", ca_bundle=str(path), http_proxy=there)
        assert asked.body == b"anything"
    assert "Proxy-Authorization: Basic" in heads[0]


def test_a_proxy_that_says_no_version_of_socks_stops_the_run(ask: Callable[..., Asked]) -> None:
    asked = ask(NOWHERE, ALL_PROXY="socks://me:canary-right@127.0.0.1:1")
    assert asked.said.startswith("the proxy socks://127.0.0.1:1 says no version of SOCKS: write ")
    assert (asked.tries, asked.stopped) == (0, True)


def test_socks_leads_to_the_service_where_its_package_is_there(
    ask: Callable[..., Asked], service: Sandbox, tmp_path: Path
) -> None:
    pytest.importorskip("socks")
    if shutil.which("microsocks") is None:
        pytest.skip("microsocks is not installed")
    with servers.microsocks(tmp_path, "-u", "me", "-P", "canary-right") as proxy:
        where = f"127.0.0.1:{proxy.port}"
        asked = ask(service.url, http_proxy=f"socks5h://me:canary-right@{where}")
        assert asked.body
        asked = ask(service.url, http_proxy=f"socks5h://me:canary-wrong@{where}")
        assert f"the proxy socks5h://{where} refuses the account" in asked.said
        assert (asked.tries, asked.stopped) == (1, True)
        asked = ask(NOWHERE, HTTPS_PROXY=f"socks5h://me:canary-right@{where}")
        assert f"socks5h://{where} does not lead to 127.0.0.1 (0x05: Connection r" in asked.said
    asked = ask(service.url, http_proxy=f"socks5h://{where}")
    assert f"the proxy socks5h://{where} cannot be reached" in asked.said
