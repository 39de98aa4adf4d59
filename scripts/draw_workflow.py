"""Draw the workflow: the jobs of a run, and how the rules hang together, as SVG.

Words after the options go to Snakemake, such as `--config years=2024 source=sandbox`. Without
Graphviz's `dot` the pictures are written as Mermaid diagrams, which many editors and sites show.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

PICTURES = {"dag": "--dag", "rulegraph": "--rulegraph"}


def draw(folder: Path, words: list[str]) -> list[Path]:
    """Write both pictures into a folder; returns their paths.

    Raises CalledProcessError where Snakemake refuses its words; it has said why by then.
    """
    dot = shutil.which("dot")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, option in PICTURES.items():
        graph = _snakemake(option, "dot" if dot else "mermaid-js", words)
        path = folder / f"{name}{'.svg' if dot else '.mmd'}"
        if dot:
            path.write_bytes(_run([dot, "-Tsvg"], graph))
        else:
            path.write_bytes(graph)
        written.append(path)
    return written


def _snakemake(option: str, form: str, words: list[str]) -> bytes:
    return _run([sys.executable, "-m", "snakemake", "-j1", option, form, *words])


def _run(command: list[str], given: bytes = b"") -> bytes:
    return subprocess.run(  # noqa: S603 - a fixed program, and no shell
        command, input=given, stdout=subprocess.PIPE, check=True
    ).stdout


def main() -> int:
    """Draw, and say where the pictures are."""
    parser = argparse.ArgumentParser(
        prog="python scripts/draw_workflow.py",
        description="Draw the jobs of a run and how the rules hang together.",
        epilog="All other words go to Snakemake.",
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("reports/workflow"), help="default: %(default)s"
    )
    options, words = parser.parse_known_args()
    try:
        written = draw(options.folder, words)
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    if written[0].suffix != ".svg":
        print("Graphviz's dot is not installed, so these are Mermaid diagrams:", file=sys.stderr)
    print("\n".join(map(str, written)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
