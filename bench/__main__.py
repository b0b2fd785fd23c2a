"""All benchmarks, or the named ones: ``python -m bench [NAME ...]``.

A NAME is a figure (``tree.dirty_key``) or a group of them (``engine``).  Prints a
table and puts the figures on record in ``bench/latest.json``.  The exit code is 0 if
none failed, whatever it measured; what needs a compiler is left out without one.
"""

import argparse
import sys

from bench.figures import LATEST, ROOT, Figure, commit_name, machine_name, table_of, write_latest
from bench.measurements import MEASUREMENTS, Broken, Unavailable, chosen


def main() -> int:
    """Read the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a figure or a group; none: all")
    parser.add_argument("--list", action="store_true", help="list the figures and stop")
    options = parser.parse_args()
    return run(options.names, listing=options.list)


def run(names: list[str], *, listing: bool) -> int:
    """Run the named benchmarks, or list all; return the exit code."""
    if listing:
        print("\n".join(name for known in MEASUREMENTS for name in known.names))
        return 0
    try:
        measurements = chosen(names)
    except Unavailable as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    failed = 0
    for measurement in measurements:
        print(f"measuring {', '.join(measurement.names)} ...", file=sys.stderr)
        try:
            figures += measurement.run()
        except Unavailable as error:
            print(f"bench: {measurement.names[0]} is left out: {error}", file=sys.stderr)
        except Broken as error:
            print(f"bench: {measurement.names[0]}: {error}", file=sys.stderr)
            failed += 1
    print(f"{machine_name()}; commit {commit_name()}\n\n{table_of(figures)}")
    write_latest(figures)
    print(f"\nwritten to {LATEST.relative_to(ROOT)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
