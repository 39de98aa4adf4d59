"""Transport faults that need a server of the test's own, and what the client makes of them."""

import datetime as dt
import errno
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torture import servers
from torture.faults.rig import DAYS, JSON_HEAD, POLICY, Peer, Rig, asked, read_head, response

from isone.download.client import Client
from isone.download.downloader import Downloader
from isone.errors import DownloadError, ResponseError, StopRunError, UsageError
from isone.market.datasets import DATASETS
from isone.run.progress import Progress
from isone.run.sources import Credentials, Source
from isone.sandbox import Sandbox
from isone.store.store import Store

BODY = gzip.compress(b'{"HourlyLmps":""}' + b" " * 5000, 0)
ACCOUNT = Credentials("someone", "canary-9f41-password")


def client_of(url: str, credentials: Credentials | None = None, **policy: Any) -> Client:
    source = Source("webservices", url, credentials)
    return Client(source, replace(POLICY, **policy), sleep=lambda seconds: None)


def first_then(first: Callable[[socket.socket], object]) -> Callable[[socket.socket, int], None]:
    """Do something to the first connection; answer rightly on the others."""

    def act(connection: socket.socket, number: int) -> None:
        read_head(connection)
        if number == 1:
            first(connection)
        else:
            connection.sendall(response(BODY))

    return act


def dripping(data: bytes, pause: float) -> Callable[[socket.socket], None]:
    def drip(connection: socket.socket) -> None:
        for byte in data:
            connection.sendall(bytes((byte,)))
            time.sleep(pause)

    return drip


DRIPS = pytest.mark.parametrize(
    "drip",
    [
        pytest.param(dripping(response(BODY), 0.02), id="headers"),
        pytest.param(
            lambda c: (c.sendall(response(BODY)[:150]), dripping(BODY, 0.02)(c)), id="body"
        ),
        pytest.param(
            lambda c: (
                c.sendall(f"{JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n".encode()),
                dripping(b"1\r\nx\r\n" * 500, 0.02)(c),
            ),
            id="chunks",
        ),
        pytest.param(
            lambda c: dripping(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, 0.02)(c), id="continues"
        ),
    ],
)


def require_second_try(url: str, **policy: Any) -> None:
    """Fetch what drips the first time, and see that it is given up before it has dripped out."""
    with client_of(url, total_timeout=1, **policy) as client:
        started = time.monotonic()
        assert client.fetch("anything") == BODY
        assert time.monotonic() - started < 20  # and not the minutes that it drips
        assert client.requests_sent == 2


@DRIPS
def test_a_response_that_only_drips_is_given_up_within_the_total_of_a_try(
    drip: Callable[[socket.socket], None],
) -> None:
    with Peer(first_then(drip)) as peer:
        require_second_try(peer.url)


def test_it_is_so_in_a_thread_too() -> None:
    with Peer(first_then(dripping(response(BODY), 0.02))) as peer, ThreadPoolExecutor() as pool:
        pool.submit(require_second_try, peer.url).result(20)


def test_it_is_so_through_a_proxy_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(first_then(dripping(response(BODY), 0.02))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        require_second_try("http://webservices.example/api/v1.1")


def test_a_proxy_whose_own_answer_only_drips_is_given_up_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tunnel(connection: socket.socket, _number: int) -> None:
        read_head(connection)
        dripping(b"HTTP/1.1 200 OK\r\n" + b"X-Drip: 1\r\n" * 50, 0.02)(connection)

    with Peer(tunnel) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        url = "https://webservices.example/api/v1.1"
        with (
            client_of(url, total_timeout=0.3, backoff_total=0) as client,
            pytest.raises(StopRunError, match=r"no whole response within 0.3 s"),
        ):
            client.fetch("anything")


def test_silence_after_a_drip_does_not_add_up_to_more_than_twice_the_total() -> None:
    def drip_and_hang(connection: socket.socket) -> None:
        connection.sendall(response(BODY)[:150])
        connection.recv(1)  # until the client leaves

    with Peer(first_then(drip_and_hang)) as peer:
        require_second_try(peer.url, read_timeout=60)


def test_silence_is_given_up_within_the_read_timeout() -> None:
    with (
        Peer(first_then(lambda connection: connection.recv(1))) as peer,  # until the client leaves
        client_of(peer.url, read_timeout=0.2) as client,
    ):
        started = time.monotonic()
        assert client.fetch("anything") == BODY
        assert time.monotonic() - started < 10


def test_ten_kilobytes_a_second_are_enough() -> None:
    def slowly(connection: socket.socket, _number: int) -> None:
        read_head(connection)
        data = response(BODY)
        for first in range(0, len(data), 500):
            connection.sendall(data[first : first + 500])
            time.sleep(0.05)

    with Peer(slowly) as peer, client_of(peer.url, read_timeout=0.2) as client:
        assert client.fetch("anything") == BODY
        assert client.retries.count == 0


@pytest.mark.parametrize("delay", [0, 0.05], ids=["at once", "later"])
@pytest.mark.parametrize(
    "surplus", [b"x" * 20, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], ids=["junk", "forged"]
)
def test_bytes_beyond_what_was_promised_never_count_as_the_next_response(
    surplus: bytes, delay: float
) -> None:
    bodies = [BODY, gzip.compress(b"other", mtime=0)]

    def overlong(connection: socket.socket, __number: int) -> None:
        while True:
            wanted = bodies[int(read_head(connection).split()[1][-1])]
            connection.sendall(response(wanted) + (b"" if delay else surplus))
            if delay:
                time.sleep(delay)
                connection.sendall(surplus)

    with Peer(overlong) as peer, client_of(peer.url) as client:
        assert client.fetch("0") == bodies[0]
        assert client.fetch("1") == bodies[1]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            f"{JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n100\r\n".encode() + b"x" * 0x80,
            id="in mid-chunk",
        ),
        pytest.param(
            f"{JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n10\r\n".encode() + b"x" * 16 + b"\r\n",
            id="between chunks",
        ),
        pytest.param(
            f"{JSON_HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nxx".encode(), id="no length"
        ),
        pytest.param(response(BODY)[:-10], id="in mid-body"),
        pytest.param(b"HTTP/1.1 200", id="in the status line"),
        pytest.param(b"", id="before it begins"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(f"{JSON_HEAD}Content-Length: 0\r\n\r\n".encode(), id="empty"),
        pytest.param(f"{JSON_HEAD}Content-Length: -5\r\n\r\n".encode(), id="negative length"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 200 + b"\r\n", id="200 headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", id="long header"),
    ],
)
def test_a_broken_off_or_senseless_answer_is_asked_for_again(answer: bytes) -> None:
    with Peer(first_then(lambda c: c.sendall(answer))) as peer, client_of(peer.url) as client:
        assert client.fetch("anything") == BODY
        assert client.requests_sent == 2


def test_an_endless_body_is_rejected_at_64_megabytes() -> None:
    sent = 0

    def endless(connection: socket.socket, _number: int) -> None:
        nonlocal sent
        read_head(connection)
        connection.sendall(f"{JSON_HEAD}Content-Encoding: gzip\r\n\r\n".encode())
        while True:
            connection.sendall(b"\0" * 2**20)
            sent += 1

    with (
        Peer(endless) as peer,
        client_of(peer.url) as client,
        pytest.raises(ResponseError, match="larger than 64 MB"),
    ):
        client.fetch("anything")
    assert 64 <= sent < 90


def test_an_endless_body_behind_a_redirect_is_not_read() -> None:
    def redirect(connection: socket.socket, _number: int) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n")
        while True:
            connection.sendall(b"\0" * 2**20)

    with Peer(redirect) as peer, client_of(peer.url, backoff_total=1) as client:
        started = time.monotonic()
        with pytest.raises(DownloadError, match="redirects to /login"):
            client.fetch("anything")
        assert time.monotonic() - started < 10


def test_a_connection_that_was_closed_between_requests_is_opened_again() -> None:
    def one_each(connection: socket.socket, _number: int) -> None:
        read_head(connection)
        connection.sendall(response(BODY))

    with Peer(one_each) as peer, client_of(peer.url) as client:
        for _ in range(3):
            assert client.fetch("anything") == BODY
            time.sleep(0.05)
        assert (peer.connections, client.requests_sent, client.retries.count) == (3, 3, 0)


def test_requests_share_one_connection() -> None:
    def many(connection: socket.socket, _number: int) -> None:
        while True:
            read_head(connection)
            connection.sendall(response(BODY))

    with Peer(many) as peer, client_of(peer.url) as client:
        for _ in range(5):
            client.fetch("anything")
        assert peer.connections == 1


def test_a_response_that_comes_plain_is_packed() -> None:
    def plain(connection: socket.socket, _number: int) -> None:
        read_head(connection)
        connection.sendall(response(b'{"HourlyLmps":""}', headers=""))

    with Peer(plain) as peer, client_of(peer.url) as client:
        assert gzip.decompress(client.fetch("anything")) == b'{"HourlyLmps":""}'


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ("Content-Type: application/json; charset=ISO-8859-1\r\n", "JSON in iso-8859-1 instead"),
        ("Content-Type: application/json\r\nContent-Encoding: br\r\n", "packed its response as br"),
    ],
)
def test_a_charset_or_packing_that_cannot_be_read_is_rejected(headers: str, words: str) -> None:
    def answer(connection: socket.socket, _number: int) -> None:
        read_head(connection)
        connection.sendall(
            f"HTTP/1.1 200 OK\r\n{headers}Content-Length: 2\r\n\r\n".encode() + b"{}"
        )

    with (
        Peer(answer) as peer,
        client_of(peer.url) as client,
        pytest.raises(ResponseError) as caught,
    ):
        client.fetch("anything")
    assert words in str(caught.value)


def test_a_name_that_is_not_found_is_said_to_be_the_network(tmp_path: Path) -> None:
    rig = Rig("http://no-such-host.invalid/api/v1.1", Store(tmp_path))
    with pytest.raises(StopRunError, match="name of the service cannot be looked up: is there a"):
        rig.bring(backoff_total=8)
    assert len(rig.waits) == 1


def test_a_refused_connection_is_waited_for_and_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    rig = Rig(url, Store(tmp_path))
    with pytest.raises(StopRunError, match=f"{url} has never answered .no connection to"):
        rig.bring(backoff_total=8)


def test_a_connection_that_is_never_accepted_is_given_up(tmp_path: Path) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = []
        for _ in range(3):  # more than the queue holds: the next one gets no answer
            held.append(socket.socket())
            held[-1].setblocking(False)
            held[-1].connect_ex(full.getsockname())
        rig = Rig(f"http://127.0.0.1:{full.getsockname()[1]}", Store(tmp_path))
        try:
            with pytest.raises(StopRunError, match="no connection within the connect_timeout"):
                rig.bring(connect_timeout=0.2, backoff_total=1)
        finally:
            for each in held:
                each.close()


# work while a response is awaited


class FirstIsStored(Progress):
    """Waits, while the client waits for its next try, until the first day is stored."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.done = False

    def wait(self, _seconds: float, _reason: str) -> None:
        until = time.monotonic() + 10
        while not self.done and time.monotonic() < until:
            self.done = bool(self.store.read_ledger("lmp_da_hourly", 2024))


@pytest.mark.parametrize("fault", ["silence", "server-error"])
def test_the_last_response_is_stored_while_the_next_is_awaited_or_the_service_is_away(
    fault: str, sandbox: Sandbox, rig: Rig
) -> None:
    sandbox.faults.add(f"{fault}:*20240102x1")
    with rig.client(read_timeout=0.5) as client:
        client.retries.progress = FirstIsStored(rig.store)
        Downloader(rig.store, client, DATASETS["lmp_da_hourly"]).bring(DAYS, "all")
        assert client.retries.progress.done
        assert client.requests_sent == len(DAYS) + 1


def test_a_disk_that_is_full_meanwhile_is_not_blamed_on_the_connection(
    sandbox: Sandbox, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Store, "save_responses", full)
    with rig.client() as client:
        with pytest.raises(OSError, match="No space left on device"):
            Downloader(rig.store, client, DATASETS["lmp_da_hourly"]).bring(DAYS, "all")
        assert (client.requests_sent, client.retries.count) == (2, 0)
    monkeypatch.undo()
    assert rig.bring().already_downloaded == 2  # what was received meanwhile is not lost
    assert set(asked(sandbox).values()) == {1}


@pytest.mark.timeout(60)  # the sandbox waits for who waits for ever
def test_an_interrupt_while_a_connection_is_taken_or_given_back_leaves_nobody_waiting(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes before a lock is let go of, which Python's own queues do in Python."""
    leave = threading.Condition.__exit__
    interrupted: set[int] = set()

    def exit_late(self: threading.Condition, *error: Any) -> None:
        if threading.get_ident() in interrupted:
            raise KeyboardInterrupt
        leave(self, *error)

    def fetch() -> None:
        with rig.client() as client, suppress(KeyboardInterrupt):
            client.fetch("hourlylmp/da/final/day/20240101")
            interrupted.add(threading.get_ident())
            client.fetch("hourlylmp/da/final/day/20240102")
        interrupted.clear()

    monkeypatch.setattr(threading.Condition, "__exit__", exit_late)
    fetching = threading.Thread(target=fetch, daemon=True)
    fetching.start()
    fetching.join(10)
    assert not fetching.is_alive()


def test_the_time_to_store_a_response_is_not_the_service_s(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Store.save_responses
    monkeypatch.setattr(Store, "save_responses", lambda *given: (time.sleep(0.5), save(*given)))
    with rig.client(total_timeout=0.4) as client:
        Downloader(rig.store, client, DATASETS["lmp_da_hourly"]).bring(DAYS, "all")
        assert client.requests_sent == len(DAYS)


# certificates


PAST, FUTURE = servers.PAST, servers.FUTURE


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def answer(connection: socket.socket, _number: int) -> None:
    read_head(connection)
    connection.sendall(response(BODY))


@pytest.fixture
def tls_peer() -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def start(path: Path) -> Peer:
        peers.append(Peer(answer, serving(path)))
        return peers[-1].__enter__()

    yield start
    for peer in peers:
        peer.__exit__()


def test_what_only_drips_is_given_up_over_an_encrypted_connection_too(
    certificate: Callable[..., Path],
) -> None:
    path = certificate("dripping", begins=PAST, ends=FUTURE)
    with Peer(first_then(dripping(response(BODY), 0.02)), serving(path)) as peer:
        require_second_try(peer.url, ca_bundle=str(path))


def test_a_certificate_of_an_unknown_authority_stops_the_run_before_the_password_is_sent(
    certificate: Callable[..., Path], tls_peer: Callable[..., Peer]
) -> None:
    peer = tls_peer(certificate("unknown", begins=PAST, ends=FUTURE))
    with client_of(peer.url, ACCOUNT) as client, pytest.raises(StopRunError) as caught:
        client.fetch("anything")
    assert "is not trusted (self-signed certificate)" in str(caught.value)
    assert "name its authority with ca_bundle=FILE" in str(caught.value)
    assert client.requests_sent == 1


def test_a_named_authority_is_trusted(
    certificate: Callable[..., Path], tls_peer: Callable[..., Peer]
) -> None:
    path = certificate("trusted", begins=PAST, ends=FUTURE)
    with client_of(tls_peer(path).url, ca_bundle=str(path)) as client:
        assert client.fetch("anything") == BODY


@pytest.mark.parametrize(
    ("name", "begins", "ends", "address", "words"),
    [
        ("expired", PAST, dt.date(2021, 1, 1), "IP:127.0.0.1", "certificate has expired"),
        ("early", dt.date(2048, 1, 1), FUTURE, "IP:127.0.0.1", "certificate is not yet valid"),
        ("foreign", PAST, FUTURE, "DNS:elsewhere.example", "IP address mismatch"),
    ],
)
def test_a_certificate_that_does_not_hold_stops_the_run(
    name: str,
    begins: dt.date,
    ends: dt.date,
    address: str,
    words: str,
    certificate: Callable[..., Path],
    tls_peer: Callable[..., Peer],
) -> None:
    path = certificate(name, begins=begins, ends=ends, address=address)
    with (
        client_of(tls_peer(path).url, ca_bundle=str(path)) as client,
        pytest.raises(StopRunError) as caught,
    ):
        client.fetch("anything")
    assert words in str(caught.value)
    assert "check this machine's clock" in str(caught.value)


def test_a_handshake_that_breaks_off_is_no_matter_of_certificates() -> None:
    def hang_up(connection: socket.socket, _number: int) -> None:
        connection.recv(100)

    with (
        Peer(hang_up) as peer,  # speaks no TLS at all
        client_of(peer.url.replace("http", "https"), backoff_total=1) as client,
        pytest.raises(StopRunError, match="connection broke"),
    ):
        client.fetch("anything")


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_ca_bundle_that_holds_no_certificate_is_rejected_before_anything_is_sent(
    content: str | None, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    with pytest.raises(UsageError, match="ca_bundle: .* holds no certificates that can be read"):
        client_of("https://127.0.0.1:1", ca_bundle=str(bundle))


# credentials


def test_credentials_do_not_follow_a_redirect(tmp_path: Path) -> None:
    heads: list[str] = []
    with Peer(lambda c, n: heads.append(read_head(c))) as elsewhere:

        def redirect(connection: socket.socket, _number: int) -> None:
            read_head(connection)
            connection.sendall(
                f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}\r\n"
                "Content-Length: 0\r\n\r\n".encode()
            )

        with Peer(redirect) as peer:
            rig = Rig(peer.url, Store(tmp_path), credentials=ACCOUNT)
            with pytest.raises(DownloadError, match="redirects to http://127.0.0.1:"):
                rig.year(backoff_total=1)
        assert heads == []
        assert elsewhere.connections == 0


def test_what_netrc_holds_for_a_host_is_not_sent_unless_it_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password canary-9f41-password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    heads: list[str] = []

    def act(connection: socket.socket, _number: int) -> None:
        heads.append(read_head(connection))
        connection.sendall(response(BODY))

    with Peer(act) as peer, client_of(peer.url) as client:
        client.fetch("anything")
    assert "authorization" not in heads[0].lower()


def test_a_password_beyond_latin_letters_is_sent_as_utf8() -> None:
    heads: list[str] = []

    def act(connection: socket.socket, _number: int) -> None:
        heads.append(read_head(connection))
        connection.sendall(response(BODY))

    with Peer(act) as peer, client_of(peer.url, Credentials("zoë", "pass€")) as client:
        client.fetch("anything")
    assert "Authorization: Basic em/DqzpwYXNz4oKs" in heads[0]


@pytest.mark.parametrize("url", ["https://", "ftp://127.0.0.1/", "no address", "http://[::1"])
def test_an_address_that_cannot_be_asked_is_rejected_in_one_sentence(url: str) -> None:
    with pytest.raises(UsageError, match="base_url: .* (cannot be asked|is not a valid address)"):
        client_of(url)


def test_what_the_service_says_moves_no_terminal() -> None:
    def act(connection: socket.socket, _number: int) -> None:
        read_head(connection)
        connection.sendall(
            b"HTTP/1.1 302 \x1b[2J\r\nLocation: \x1b]0;owned\x07" + b"x" * 5000 + b"\r\n\r\n"
        )

    with (
        Peer(act) as peer,
        client_of(peer.url, backoff_total=1) as client,
        pytest.raises(DownloadError) as caught,
    ):
        client.fetch("anything")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
