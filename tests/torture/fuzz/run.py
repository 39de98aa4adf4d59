"""`make fuzz`: coverage-guided fuzzing of every reader of untrusted input, one target at a time.

Each target runs for so many seconds in a process of its own, from seeds that are rebuilt. What it
finds is kept in `--findings` as the input that does it. Needs atheris (Linux on x86-64).
"""

import argparse
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent.parent.parent
sys.path[:0] = [str(_PROJECT), str(_PROJECT / "tests")]
_INSTRUMENTED = ["isone", "netrc", "csv", "yaml", "email", "openpyxl"]
_LARGEST = 300_000  # bytes of an input; the largest seed has a third of that
_SLOWEST = 20  # seconds for one input
_MEMORY = 3000  # MB


def main() -> int:
    """Fuzz the targets that are named, or all; the exit code tells whether anything was found."""
    parser = argparse.ArgumentParser(prog="python tests/torture/fuzz/run.py", description=__doc__)
    parser.add_argument("targets", nargs="*", help="which; all if none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of chance (default: %(default)s)")
    parser.add_argument("--findings", type=Path, default=Path("reports") / "fuzz")
    parser.add_argument("--inside", metavar="CORPUS", help=argparse.SUPPRESS)
    given = parser.parse_args()
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("error: fuzzing needs atheris: make fuzz installs it, on Linux on x86-64")
        return 2
    if given.inside:
        _fuzz(given.targets[0], given)
    from torture.fuzz.targets import TARGETS

    unknown = set(given.targets) - set(TARGETS)
    if unknown:
        print(f"error: there is no target {min(unknown)}; there are {', '.join(TARGETS)}")
        return 2
    given.findings.mkdir(parents=True, exist_ok=True)
    print(f"{'target':<14} {'executions':>11} {'edges':>7} {'inputs':>7}  outcome", flush=True)
    found = [_fuzz_apart(name, given) for name in given.targets or TARGETS]
    return int(any(found))


def _fuzz_apart(name: str, given: argparse.Namespace) -> bool:
    """Run a target in a process of its own and print its figures; True where it found something."""
    with tempfile.TemporaryDirectory(prefix="isone-corpus-") as corpus:
        log = given.findings / f"{name}.log"
        with log.open("wb") as output:
            code = subprocess.run(  # noqa: S603 - this program itself
                [
                    *(sys.executable, __file__, name, "--inside", corpus, "--seed"),
                    *(str(given.seed), "--seconds", str(given.seconds), "--findings"),
                    str(given.findings.resolve()),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
    said = log.read_text("utf-8", "replace")
    runs = re.findall(r"#(\d+)", said) or ["0"]
    edges = re.findall(r" cov: (\d+)", said) or ["0"]
    inputs = re.findall(r" corp: (\d+)", said) or ["0"]
    error = re.findall(r"^(?:[\w.]+(?:Error|Exception|Loop)\b.*|=+.*ERROR: .*)$", said, re.M)
    outcome = "nothing found" if code == 0 else f"FOUND {(error or ['see the log'])[0][:120]}"
    figures = f"{max(map(int, runs)):>11,} {int(edges[-1]):>7,} {int(inputs[-1]):>7,}"
    print(f"{name:<14} {figures}  {outcome}", flush=True)
    return code != 0


def _fuzz(name: str, given: argparse.Namespace) -> None:
    """Fuzz in this process until the time is over or something is found; does not return."""
    import atheris

    with atheris.instrument_imports(include=_INSTRUMENTED):
        from torture.fuzz.targets import TARGETS
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds()):
        (Path(given.inside) / f"seed{number}").write_bytes(seed)
    options = [
        *(f"-seed={given.seed}", f"-max_total_time={given.seconds}", f"-max_len={_LARGEST}"),
        *(f"-timeout={_SLOWEST}", f"-rss_limit_mb={_MEMORY}", "-len_control=0"),
        f"-artifact_prefix={given.findings}/{name}-",
    ]
    hooks: dict[str, Callable[..., bytes]] = {}
    mutate = target.mutate
    if mutate is not None:

        def mutated(data: bytes, longest: int, seed: int) -> bytes:
            chance = random.Random(seed)  # noqa: S311 - of libFuzzer's own choosing
            if chance.random() < 0.3:
                return bytes(atheris.Mutate(data, longest))
            return mutate(data, chance)[:longest]

        hooks["custom_mutator"] = mutated
    atheris.Setup([sys.argv[0], *options, given.inside], target.read, **hooks)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
