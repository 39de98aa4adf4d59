"""`make audit`: the licences of what the workflow needs, and known flaws of what the locks name.

The licences are read from the installed packages. For known flaws pip-audit asks PyPI's advisories,
by name and version; where it cannot, that is said, and nothing passes for audited.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [
    *(ROOT / f"requirements{kind}.lock" for kind in ("", "-dev")),
    *(ROOT / "envs" / f"{kind}.lock" for kind in ("bench", "docs", "fuzz", "plugins", "setup")),
]
PIP_AUDIT = "pip-audit==2.10.1"
FREE = re.compile(
    r"\b(MIT|BSD|Apache|MPL|Mozilla Public|PSF|Python Software Foundation|ISC|Public Domain)\b",
    re.IGNORECASE,
)
"""Licences that ask for no more than their own text, or a changed file's source, to be kept."""
_FIRST_WORDS = {"permission is hereby granted, free of charge": "MIT"}


@dataclass(frozen=True)
class Pin:
    """A package that a lock names."""

    name: str
    version: str
    marker: Marker | None
    hashes: int


def pins(lock: Path) -> list[Pin]:
    """What a lock names, in its order."""
    found = []
    for line in lock.read_text().replace("\\\n", " ").splitlines():
        if not line.startswith("#"):
            text, *hashes = line.split("--hash=sha256:")
            needed = Requirement(text.strip())
            found.append(Pin(needed.name, str(needed.specifier)[2:], needed.marker, len(hashes)))
    return found


def licence(name: str) -> str:
    """The licence that an installed package declares, in its metadata or in a file; else ''."""
    metadata = importlib.metadata.metadata(name)
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier") or []
        if text.startswith("License ::") and not text.endswith("OSI Approved")
    ]
    lines = (metadata.get("License") or "").strip().splitlines()
    declared = metadata.get("License-Expression") or ", ".join(classifiers) or "".join(lines[:1])
    return declared or _licence_in_a_file(name)


def _licence_in_a_file(name: str) -> str:
    for path in importlib.metadata.files(name) or []:
        if re.search(r"LICEN[CS]E|COPYING", path.name):
            text = " ".join(Path(str(path.locate())).read_text("utf-8", "replace").split())
            for words, called in _FIRST_WORDS.items():
                if words in text.lower():
                    return f"{called} (its {path.name})"
            return text[:60]
    return ""


def installed(lock: Path) -> list[Pin]:
    """Those packages of a lock that are installed here; others are for another system."""
    names = {dist.metadata["Name"].lower().replace("_", "-").replace(".", "-")
             for dist in importlib.metadata.distributions()}  # fmt: skip
    return [pin for pin in pins(lock) if pin.name in names]


def known_flaws(lock: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Known flaws by package, and the packages that could not be looked up."""
    command = [sys.executable, "-m", "uv", "tool", "run", "--from", PIP_AUDIT, "pip-audit"]
    command += ["--requirement", str(lock), "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    here = [pin for pin in pins(lock) if not pin.marker or pin.marker.evaluate()]
    every = [pin.name for pin in here]
    try:
        listed = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return {}, every
    flaws = {each["name"]: [f"{v['id']} (mended in {', '.join(v['fix_versions']) or 'none'})"
                            for v in each["vulns"]]
             for each in listed if each.get("vulns")}  # fmt: skip
    asked = {each["name"] for each in listed if "skip_reason" not in each}
    return flaws, [name for name in every if name not in asked]


def main() -> int:
    """Print both lists; the exit code is 1 for a flaw, and 3 where not all could be looked up."""
    for pin in installed(LOCKS[0]):
        print(f"{pin.name:<38} {pin.version:<14} {licence(pin.name)[:70]}")
    flaws: dict[str, list[str]] = {}
    unknown: dict[str, None] = {}
    for lock in LOCKS:
        found, missed = known_flaws(lock)
        flaws |= found
        unknown |= dict.fromkeys(missed)
    for name, ids in sorted(flaws.items()):
        print(f"{name} has known flaws: {', '.join(ids)}")
    if unknown:
        names = ", ".join(list(unknown)[:5]) + (", ..." if len(unknown) > 5 else "")
        print(
            f"error: {len(unknown)} packages could not be looked up, so they are not audited: the "
            f"service of advisories was not reached, or does not know them ({names})"
        )
    elif not flaws:
        print("no known flaw in anything that the locks name")
    return 1 if flaws else 3 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
