import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pyarrow import fs

SECRET = "canary-Vd5"  # noqa: S105 - of a server that lives as long as the tests


@dataclass(frozen=True)
class ObjectStore:
    """An S3 server on this machine, with an empty bucket `prices`."""

    port: int
    files: fs.S3FileSystem

    @property
    def environ(self) -> dict[str, str]:
        """What makes the storage plugin talk to it, as docs/clusters.md has it."""
        return {
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }

    def names(self) -> dict[str, int]:
        """The objects that are there, with their sizes."""
        found = self.files.get_file_info(fs.FileSelector("prices", recursive=True))
        return {each.path: each.size for each in found if each.is_file}


@pytest.fixture
def object_store() -> Iterator[ObjectStore]:
    """A real server; where the plugin for it is absent, tests skip; where CI is set, they fail."""
    if importlib.util.find_spec("snakemake_storage_plugin_s3") is None:
        sentence = "no object store to test with: `make plugins` installs its plugin"
        pytest.fail(sentence) if os.environ.get("CI") else pytest.skip(sentence)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        files = fs.S3FileSystem(
            access_key="someone",
            secret_key=SECRET,
            region="us-east-1",
            scheme="http",
            endpoint_override=f"127.0.0.1:{port}",
            allow_bucket_creation=True,
        )
        files.create_dir("prices")
        yield ObjectStore(port, files)
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(port: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the object store did not come up")
