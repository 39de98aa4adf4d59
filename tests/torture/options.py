"""What the torture can be asked for on the command line."""

import argparse

KINDS = {
    "lacking": "a file system that lacks something",
    "mounted": "a real file system",
    "clocks": "a wrong clock",
    "users": "a user, a limit, a path",
    "stopped": "SIGSTOP and on",
}
"""Kinds of places for whole runs, and what each is."""
GROUPS = (
    *("download", "responses", "pack", "load", "runs", "wide"),
    *("postgres", "pairs", "nginx", *KINDS),
)


def read_options(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make torture", description=description)

    def number(name: str, default: int, what: str) -> None:
        parser.add_argument(name, type=int, default=default, help=f"{what} (%(default)s)")

    number("--kills", 1000, "kill -9 of downloads, and of packing and loading each")
    number("--terms", 100, "SIGTERM of each")
    number("--disks", 100, "full disks of each")
    number("--cuts", 100, "power cuts of each")
    number("--memory", 50, "limits of memory of each that are too little")
    number("--every", 1, "fail every N-th file operation only, of each")
    number("--seeds", 10, "servers that fail a fifth of all requests")
    number("--damaged", 10_000, "damaged responses")
    number("--fuzzed", 1_000_000, "fuzzed payloads")
    number("--runs", 50, "kills of Snakemake alone, and of all its processes")
    number("--wide", 20, "kills of runs of seven years with -j8")
    number("--clients", 50, "kills of jobs that load into PostgreSQL")
    number("--steps", 1, "restart PostgreSQL at every N-th exchange of a load with it only")
    number("--servers", 20, "PostgreSQL servers killed, and stopped, in mid-load")
    number("--places", 99, "places for whole runs, of each kind")
    number("--pairs", 15, "pairs of targets at once")
    number("--days", 366, "days of a job")
    number("--seed", 1, "of all chance")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS, help="these series")
    parser.add_argument(
        "--leave-out", nargs="+", choices=["operations"], default=[], help="not these of each"
    )
    return parser.parse_args()
