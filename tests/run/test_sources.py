"""Whose account is shown to whom."""

from pathlib import Path

import pytest

from isone.errors import StopRunError, UsageError
from isone.run.settings import read_settings
from isone.run.sources import Credentials, find_credentials, webservices

HOST = "https://webservices.iso-ne.com/api/v1.1"


@pytest.mark.parametrize("prefix", ["ISONE_", "ISONE_API_"])
def test_an_account_comes_from_the_environment(prefix: str) -> None:
    environ = {f"{prefix}USERNAME": "me", f"{prefix}PASSWORD": "secret"}
    assert find_credentials(HOST, environ) == Credentials("me", "secret")


def test_half_an_account_is_a_mistake() -> None:
    with pytest.raises(StopRunError, match="ISONE_PASSWORD is not set"):
        find_credentials(HOST, {"ISONE_USERNAME": "me", "NETRC": "/nonexistent"})


def test_netrc_serves_its_own_host_only(tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine webservices.iso-ne.com login me password secret\n")
    environ = {"NETRC": str(netrc)}
    assert find_credentials(HOST, environ) == Credentials("me", "secret")
    assert find_credentials("https://example.org/api", environ) is None


def test_a_netrc_that_cannot_be_read_is_named_without_its_content(tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine webservices.iso-ne.com login me pasword canary\n")
    with pytest.raises(UsageError) as error:
        find_credentials(HOST, {"NETRC": str(netrc)})
    assert str(netrc) in str(error.value)
    assert "canary" not in str(error.value)


def test_the_official_service_is_not_asked_without_an_account() -> None:
    with pytest.raises(StopRunError, match="set ISONE_USERNAME and ISONE_PASSWORD"):
        webservices(read_settings({}), {"NETRC": "/nonexistent"})


def test_a_stand_in_may_be_asked_without_an_account() -> None:
    settings = read_settings({"base_url": "http://127.0.0.1:8080/api/v1.1"})
    assert webservices(settings, {"NETRC": "/nonexistent"}).credentials is None


@pytest.mark.parametrize("prefix", ["ISONE_", "ISONE_API_"])
@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/api/v1.1",
        "https://webservices.iso-ne.com.example.org/api/v1.1",
        "https://www.iso-ne.com/api/v1.1",
        "https://127.0.0.1.example.org/api/v1.1",
    ],
)
def test_the_account_of_the_environment_goes_to_no_other_host_and_one_sentence_says_so(
    url: str, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {f"{prefix}USERNAME": "me", f"{prefix}PASSWORD": "canary", "NETRC": "/nonexistent"}
    assert webservices(read_settings({"base_url": url}), environ).credentials is None
    host = url.split("/")[2]
    (said,) = caplog.messages
    assert said == (
        f"no account is sent to {url}: ISONE_USERNAME and ISONE_PASSWORD are for "
        "webservices.iso-ne.com and this machine alone; for another host add "
        f"`machine {host} login … password …` to ~/.netrc"
    )


def test_another_host_has_the_account_that_netrc_has_for_exactly_it(tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine example.org login them password theirs\ndefault login x password y\n")
    environ = {"ISONE_USERNAME": "me", "ISONE_PASSWORD": "secret", "NETRC": str(netrc)}
    settings = read_settings({"base_url": "https://example.org/api"})
    assert webservices(settings, environ).credentials == Credentials("them", "theirs")
    elsewhere = read_settings({"base_url": "https://www.example.org/api"})
    assert webservices(elsewhere, environ).credentials is None


def test_a_password_does_not_travel_unencrypted(tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine example.org login me password secret\n")
    environ = {"ISONE_USERNAME": "me", "ISONE_PASSWORD": "secret", "NETRC": str(netrc)}
    settings = read_settings({"base_url": "http://example.org/api"})
    with pytest.raises(UsageError, match="unencrypted; use https"):
        webservices(settings, environ)
    loopback = read_settings({"base_url": "http://localhost:8080/api"})
    assert webservices(loopback, environ).credentials == Credentials("me", "secret")


@pytest.mark.parametrize(
    "address",
    [
        r"https://webservices.iso-ne.com\.else.example",
        "https://webservices.iso-ne.com.else.example",
        "https://webservices.iso-ne.com%2eelse.example",
        "https://webservices.iso-ne.com%00.else.example",
        "https://webservices.iso-ne.com\u3002else.example",
        "http://localhost.else.example",
        "http://127.0.0.1.else.example",
        "http://localhost;else.example",
        "http://127.0.0.2:8080",
        "http://0x7f.1",
        r"http://else.example\@127.0.0.1",
        "http://127.0.0.1@else.example",
        "http://else.example#@127.0.0.1",
        "http://else.example?@127.0.0.1",
        "http:/else.example@localhost",
    ],
)
def test_an_address_that_only_looks_like_a_known_one_has_no_account(address: str) -> None:
    environ = {"ISONE_USERNAME": "me", "ISONE_PASSWORD": "canary"}
    try:
        settings = read_settings({"source": "webservices", "base_url": address})
        found = webservices(settings, environ).credentials
    except UsageError as error:
        assert "canary" not in str(error)
    else:
        assert found is None
