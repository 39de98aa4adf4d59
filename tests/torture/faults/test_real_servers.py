"""nginx, as it is used in earnest, between the downloader and the service."""

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from torture import servers
from torture.faults.rig import DAYS, Rig, asked
from torture.servers import FUTURE, PAST

from isone.errors import StopRunError
from isone.sandbox import Sandbox
from isone.store.store import Store

pytestmark = pytest.mark.skipif(not servers.is_here("nginx"), reason="nginx is not installed")
OWN_GZIP = (
    "proxy_set_header Accept-Encoding identity; gzip on; gzip_types application/json; "
    "gzip_min_length 1; gzip_proxied any;"
)


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The digest of the prices of each day, as they come without a server in between."""
    with Sandbox(nodes=2) as sandbox:
        rig = Rig(sandbox.url, Store(tmp_path_factory.mktemp("undisturbed")))
        rig.bring()
        return digests(rig)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "nginx"
    made.mkdir()
    yield made
    shutil.rmtree(made)


def digests(rig: Rig) -> dict[str, str]:
    return {n: e.prices for n, e in rig.store.read_ledger("lmp_da_hourly", 2024).items()}


def upstream(sandbox: Sandbox) -> str:
    return sandbox.url.removesuffix("/api/v1.1")


@pytest.mark.parametrize(
    ("lines", "http"),
    [
        pytest.param("", "", id="as it comes"),
        pytest.param(OWN_GZIP, "", id="gzipped by it, in chunks"),
        pytest.param(f"{OWN_GZIP} chunked_transfer_encoding off;", "", id="ends with the stream"),
        pytest.param("proxy_set_header Accept-Encoding identity;", "", id="plain"),
        pytest.param("gunzip on;", "", id="unpacked by it"),
        pytest.param("keepalive_timeout 0;", "", id="keep-alive off"),
        pytest.param("keepalive_requests 1;", "", id="one request a connection"),
        pytest.param("proxy_buffering off;", "", id="unbuffered"),
        pytest.param("limit_rate 20k;", "", id="slow"),
        pytest.param("charset utf-8; charset_types application/json;", "", id="a charset"),
        pytest.param("add_header Set-Cookie a=b; add_header X-A b; etag on;", "", id="headers"),
        pytest.param("ignore_invalid_headers off; server_tokens off;", "", id="no version"),
        pytest.param(
            "proxy_cache here; proxy_cache_valid 1h; proxy_ignore_headers Cache-Control Expires;",
            "proxy_cache_path cache keys_zone=here:1m;",
            id="a cache",
        ),
    ],
)
def test_however_a_server_sends_it_the_same_prices_are_stored(
    sandbox: Sandbox, folder: Path, tmp_path: Path, prices: dict[str, str], lines: str, http: str
) -> None:
    with servers.nginx(folder, lines, upstream(sandbox), http=http) as running:
        rig = Rig(f"http://127.0.0.1:{running.port}/api/v1.1", Store(tmp_path / "data"))
        outcome = rig.bring()
    assert (outcome.stored, rig.waits) == (3, [])
    assert digests(rig) == prices


@pytest.mark.parametrize("status", [429, 503])
def test_a_rate_limit_is_waited_for_and_everything_comes(
    sandbox: Sandbox, folder: Path, tmp_path: Path, prices: dict[str, str], status: int
) -> None:
    http = f"limit_req_zone $binary_remote_addr zone=a:1m rate=2r/s; limit_req_status {status};"
    with servers.nginx(folder, "limit_req zone=a;", upstream(sandbox), http=http) as running:
        rig = Rig(f"http://127.0.0.1:{running.port}/api/v1.1", Store(tmp_path / "data"))
        rig.pause = 0.3
        rig.bring()
    assert digests(rig) == prices
    assert rig.reasons
    assert all(f"the service answered {status} " in reason for reason in rig.reasons)
    assert max(asked(sandbox).values()) == 1, "what was limited never reached the service"


def test_a_service_that_is_down_behind_it_is_waited_for(folder: Path, tmp_path: Path) -> None:
    with servers.nginx(folder, "", "http://127.0.0.1:1") as running:
        rig = Rig(f"http://127.0.0.1:{running.port}/api/v1.1", Store(tmp_path / "data"))
        outcome = rig.bring(DAYS[:1], backoff_total=20)
    assert set(rig.reasons) == {"the service answered 502 Bad Gateway"}
    assert outcome.stored == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT], ids=["reload", "restart"])
def test_a_server_that_is_started_again_in_mid_run_costs_no_day(
    sandbox: Sandbox, folder: Path, tmp_path: Path, prices: dict[str, str], number: signal.Signals
) -> None:
    with servers.nginx(folder, "", upstream(sandbox)) as running:
        rig = Rig(f"http://127.0.0.1:{running.port}/api/v1.1", Store(tmp_path / "data"))
        rig.bring(DAYS[:1])
        running.process.send_signal(number)
        if number == signal.SIGQUIT:
            running.process.wait(10)
            with servers.nginx(folder, "", upstream(sandbox), port=running.port):
                rig.bring()
        else:
            rig.bring()
    assert digests(rig) == prices
    assert max(asked(sandbox).values()) == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("return 444;", "the connection broke"),
        ("return 301 https://elsewhere.example/login;", "redirects to https://elsewhere.example"),
        ("return 200 '<html>';", "is not the sandbox"),
        ("return 504;", "504 Gateway Time"),
    ],
)
def test_what_a_server_says_in_the_place_of_the_service_is_never_stored(
    sandbox: Sandbox, folder: Path, tmp_path: Path, lines: str, words: str
) -> None:
    with servers.nginx(folder, lines, upstream(sandbox)) as running:
        rig = Rig(f"http://127.0.0.1:{running.port}/api/v1.1", Store(tmp_path / "data"))
        try:
            rig.bring(DAYS[:1], backoff_total=20)
        except StopRunError as error:
            rig.reasons.append(str(error))
    assert all(words in reason for reason in rig.reasons)
    assert rig.reasons
    assert rig.stored() == {}


@pytest.mark.parametrize(
    ("years", "address", "words"),
    [
        ((PAST, FUTURE), "IP:127.0.0.1", ""),
        ((PAST, PAST.replace(year=2021)), "IP:127.0.0.1", "certificate has expired"),
        ((PAST, FUTURE), "DNS:elsewhere.example", "IP address mismatch"),
    ],
    ids=["trusted", "expired", "wrong host"],
)
def test_its_certificate_is_checked(
    certificate: Callable[..., Path],
    sandbox: Sandbox,
    folder: Path,
    tmp_path: Path,
    prices: dict[str, str],
    years: tuple[object, object],
    address: str,
    words: str,
) -> None:
    path = certificate("nginx", begins=years[0], ends=years[1], address=address)
    with servers.nginx(folder, "", upstream(sandbox), certificate=path) as running:
        rig = Rig(f"https://127.0.0.1:{running.port}/api/v1.1", Store(tmp_path / "data"))
        if not words:
            rig.bring(ca_bundle=str(path))
            assert digests(rig) == prices
            words = "self-signed certificate"
            path = None
        with pytest.raises(StopRunError, match=words):
            rig.bring((*DAYS, DAYS[-1].replace(day=4)), ca_bundle=path and str(path))
