"""A local stand-in of ISO-NE's web services: their URLs and shapes, synthetic prices, faults.

    with Sandbox(nodes=12) as sandbox:
        requests.get(f"{sandbox.url}/hourlylmp/da/final/day/20240101.json")

`python -m isone.sandbox --help` tells how to run it by itself. Only the standard library is used.
"""

from isone.sandbox.faults.catalogue import FAULTS
from isone.sandbox.standin import Request, Sandbox

__all__ = ["FAULTS", "Request", "Sandbox"]
