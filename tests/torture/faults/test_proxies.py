"""A proxy that does not let through is named, without its password, with what to do about it."""

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest
from torture.faults.rig import POLICY, Peer, read_head

from isone.download.client import Client
from isone.errors import StopRunError
from isone.run.sources import Source

SERVICE = "https://webservices.iso-ne.com/api/v1.1"
PLAIN = "http://service.invalid/api/v1.1"
ACCOUNT = "me:canary-proxy@"


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, int]]:
    """Ask a service through a proxy: what is said, and how often it was tried."""

    def through(proxy: str, error: type[Exception], service: str = SERVICE) -> tuple[str, int]:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("http_proxy", proxy)
        policy = replace(POLICY, backoff_total=20)
        with (
            Client(Source("webservices", service), policy, sleep=lambda _: None) as client,
            pytest.raises(error) as caught,
        ):
            client.fetch("anything")
        assert "canary" not in str(caught.value)
        return str(caught.value), client.requests_sent

    return through


def answering(status: str) -> Callable[[socket.socket, int], None]:
    def act(connection: socket.socket, _number: int) -> None:
        read_head(connection)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    return act


@pytest.mark.parametrize("service", [SERVICE, PLAIN], ids=["https", "http"])
def test_a_proxy_that_asks_for_an_account_stops_the_run(
    ask: Callable[..., tuple[str, int]], service: str
) -> None:
    with Peer(answering("407 Whatever")) as peer:
        said, tries = ask(f"http://{ACCOUNT}127.0.0.1:{peer.port}", StopRunError, service)
    assert said.startswith(f"the proxy http://127.0.0.1:{peer.port} asks for an account (407): ")
    assert "HTTPS_PROXY" in said
    assert tries == 1


def test_a_proxy_that_forbids_the_service_stops_the_run(
    ask: Callable[..., tuple[str, int]],
) -> None:
    with Peer(answering("403 Forbidden")) as peer:
        said, tries = ask(f"http://{ACCOUNT}127.0.0.1:{peer.port}", StopRunError)
    assert f"the proxy http://127.0.0.1:{peer.port} forbids the way to webservices" in said
    assert "NO_PROXY=webservices.iso-ne.com" in said
    assert tries == 1


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Late"])
def test_a_proxy_in_trouble_is_named_and_asked_again(
    ask: Callable[..., tuple[str, int]], status: str
) -> None:
    with Peer(answering(status)) as peer:
        said, tries = ask(f"http://{ACCOUNT}127.0.0.1:{peer.port}", StopRunError)
    where = f"http://127.0.0.1:{peer.port}"
    assert f"the proxy {where} answered {status[:3]} instead of leading to webservices" in said
    assert f"{SERVICE} has never answered (" in said
    assert tries > 1


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("http://me:canary-proxy@127.0.0.1:1", "http://127.0.0.1:1 cannot be reached (connection"),
        ("127.0.0.1:1", "the proxy 127.0.0.1:1 cannot be reached (connection"),
        ("http://me:canary-p@ss@no-proxy.invalid:1", "no-proxy.invalid:1 cannot be reached (its"),
    ],
)
def test_a_proxy_that_is_not_there_is_named_and_asked_again(
    ask: Callable[..., tuple[str, int]], proxy: str, why: str
) -> None:
    said, tries = ask(proxy, StopRunError)
    assert why in said
    assert "has never answered (" in said
    assert tries > 1


@pytest.mark.parametrize(
    ("proxy", "what"),
    [
        ("socks5://me:canary-proxy@127.0.0.1:1", "speaks SOCKS, and what that needs is not"),
        ("http://me:canary-proxy@127.0.0.1:abc", "has no address that can be asked"),
        ("me:canary-proxy@127.0.0.1:1", "has no address that can be asked"),
        ("http://:3128", "has no address that can be asked"),
        ("ftp://me:canary-proxy@127.0.0.1:21", "has no address that can be asked"),
        ("http://[::1", "has no address that can be asked"),
    ],
)
def test_a_proxy_that_can_never_work_stops_the_run_at_the_first_request(
    ask: Callable[..., tuple[str, int]], proxy: str, what: str
) -> None:
    try:
        import socks  # noqa: F401
    except ImportError:
        pass
    else:
        if proxy.startswith("socks"):
            pytest.skip("SOCKS is supported here")
    said, tries = ask(proxy, StopRunError)
    assert what in said
    assert "HTTPS_PROXY" in said
    assert tries == 1


def test_a_proxy_without_tls_that_is_called_with_it_stops_the_run(
    ask: Callable[..., tuple[str, int]],
) -> None:
    def babble(connection: socket.socket, _number: int) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Peer(babble) as peer:
        said, tries = ask(f"https://127.0.0.1:{peer.port}", StopRunError)
    assert "speaks no TLS: write http://host:port into HTTPS_PROXY" in said
    assert tries == 1


def test_a_connection_that_breaks_behind_a_proxy_names_the_way(
    ask: Callable[..., tuple[str, int]],
) -> None:
    with Peer(lambda connection, _number: None) as peer:
        said, _ = ask(f"http://{ACCOUNT}127.0.0.1:{peer.port}", StopRunError)
    assert f"({SERVICE}, through the proxy http://127.0.0.1:{peer.port})" in said
