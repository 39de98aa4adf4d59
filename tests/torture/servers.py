"""Servers and proxies as they are used in earnest, from Debian: nginx, tinyproxy, microsocks.

Each listens on this machine alone, on a free port, with its files in a folder of its own.
"""

import contextlib
import datetime as dt
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAST, FUTURE = dt.date(2020, 1, 1), dt.date(2049, 1, 1)
_WHERE = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin"


def is_here(program: str) -> bool:
    """Whether a program is installed; where the tests must not skip, it has to be."""
    return "CI" in os.environ or shutil.which(program, path=_WHERE) is not None


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    def lines(self, word: str) -> int:
        """How many lines of its log hold a word."""
        return self.log.read_text(errors="replace").count(word)


@contextlib.contextmanager
def tinyproxy(folder: Path, *orders: str) -> Iterator[Running]:
    """An HTTP proxy; `orders` are lines of its configuration."""
    port, settings, log = _free_port(), folder / "tinyproxy.conf", folder / "tinyproxy.log"
    lines = (f"Port {port}", "Listen 127.0.0.1", f'LogFile "{log}"', "Timeout 20", *orders)
    settings.write_text("\n".join((*lines, "")))
    with _running(["tinyproxy", "-d", "-c", str(settings)], port, log) as proxy:
        yield proxy


@contextlib.contextmanager
def microsocks(folder: Path, *words: str) -> Iterator[Running]:
    """A SOCKS5 proxy; `words` are those of its command line."""
    port = _free_port()
    command = ["microsocks", "-i", "127.0.0.1", "-p", str(port), *words]
    with _running(command, port, folder / "microsocks.log") as proxy:
        yield proxy


@contextlib.contextmanager
def nginx(
    folder: Path,
    server: str,
    upstream: str,
    *,
    http: str = "",
    certificate: Path | None = None,
    port: int = 0,
) -> Iterator[Running]:
    """A web server in front of another; `server` and `http` are lines of its configuration."""
    port, log = port or _free_port(), folder / "access.log"
    tls = f"ssl_certificate {certificate};\nssl_certificate_key {certificate};"
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; worker_processes 1; pid {folder}/pid; error_log {folder}/error;\n"
        "events { worker_connections 64; }\n"
        f"http {{\naccess_log {log};\n"
        + "".join(
            f"{what}_temp_path {folder}/{what};\n"
            for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"{http}\nserver {{\nlisten 127.0.0.1:{port}{' ssl' if certificate else ''};\n"
        f"{tls if certificate else ''}\n{server}\n"
        "proxy_pass_header Server; proxy_http_version 1.1;\n"
        f"location / {{ proxy_pass {upstream}; }}\n}}\n}}\n"
    )
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", "error"]
    with _running(command, port, log) as running:
        yield running


@contextlib.contextmanager
def _running(command: list[str], port: int, log: Path) -> Iterator[Running]:
    program = shutil.which(command[0], path=_WHERE) or command[0]
    with log.with_suffix(".said").open("wb") as said:
        process = subprocess.Popen([program, *command[1:]], stdout=said, stderr=said)
        try:
            _wait_for(port, process, log.with_suffix(".said"))
            yield Running(port, log, process)
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", said: Path) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"it does not listen: {said.read_text()}") from None
            time.sleep(0.02)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def certificate(
    folder: Path, name: str, *, address: str = "IP:127.0.0.1", begins: dt.date, ends: dt.date
) -> Path:
    """A self-signed certificate, key and all in one file; made by openssl."""
    path, key, request = (folder / f"{name}.{ending}" for ending in ("pem", "key", "csr"))
    settings = folder / f"{name}.cnf"
    settings.write_text(
        "[ca]\ndefault_ca=own\n[own]\n"
        f"new_certs_dir={folder}\ndatabase={folder}/{name}.txt\nrand_serial=yes\nunique_subject=no\n"
        "default_md=sha256\npolicy=any\nx509_extensions=ext\n"
        "[any]\ncommonName=supplied\n[req]\ndistinguished_name=dn\n[dn]\n"
        f"[ext]\nsubjectAltName={address}\nbasicConstraints=critical,CA:TRUE\n"
    )
    (folder / f"{name}.txt").touch()
    config = ["-config", str(settings)]
    make = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=peer", *config]
    sign = ["ca", "-batch", "-selfsign", "-notext", *config, "-keyfile", str(key)]
    sign += ["-startdate", f"{begins:%Y%m%d}000000Z", "-enddate", f"{ends:%Y%m%d}000000Z"]
    for words in (
        [*make, "-keyout", str(key), "-out", str(request)],
        [*sign, "-in", str(request), "-out", str(path)],
    ):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path
