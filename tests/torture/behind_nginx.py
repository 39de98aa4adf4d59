"""Every fault of the sandbox, once, with nginx between the downloader and the sandbox."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from torture import servers
from torture.faults.rig import Rig
from torture.machine import require

from isone.errors import StopRunError
from isone.sandbox import Sandbox
from isone.sandbox.faults.catalogue import FAULTS
from isone.store.store import Store

_PLAIN = "proxy_set_header Accept-Encoding identity;"
WAYS = {
    "as it comes": "",
    "plain, to the end of the stream": f"{_PLAIN} chunked_transfer_encoding off;",
    "gzipped by nginx, in chunks": f"{_PLAIN} gzip on; gzip_types application/json; "
    "gzip_min_length 1; gzip_proxied any;",
}
"""What each way is called, and nginx's configuration for it."""
_STOPPING = {"unauthorized", "forbidden"}


def faults(way: str, folder: Path) -> dict[str, Any]:
    """Let each fault befall the second of three days once; the days must come as without it."""
    right = _prices(None, way, folder)
    for fault in sorted(FAULTS):
        found = _prices(fault, way, folder)
        require(found == ({} if fault in _STOPPING else right), f"{fault}: other prices: {found}")
    return {
        "count": len(FAULTS),
        "outcome": f"the same prices each time; {len(_STOPPING)} stopped the run",
    }


def _prices(fault: str | None, way: str, folder: Path) -> dict[str, str]:
    """The digests of the prices that are stored, by request."""
    home = Path(tempfile.mkdtemp(dir=folder))
    (home / "nginx").mkdir()
    try:
        with Sandbox(nodes=0, hold=0.3, retry_after=1) as sandbox:
            if fault:
                days = "2024010*" if fault in _STOPPING else "20240102x1"
                sandbox.faults.add(f"{fault}:*{days}")
            upstream = sandbox.url.removesuffix("/api/v1.1")
            with servers.nginx(home / "nginx", f"{way} proxy_read_timeout 2;", upstream) as running:
                rig = Rig(f"http://127.0.0.1:{running.port}/api/v1.1", Store(home / "data"))
                try:
                    rig.bring(read_timeout=3, total_timeout=8)
                except StopRunError as error:
                    require(fault in _STOPPING, f"{fault}: {error}")
            ledger = rig.store.read_ledger("lmp_da_hourly", 2024)
            return {name: entry.prices for name, entry in ledger.items()}
    finally:
        shutil.rmtree(home)
