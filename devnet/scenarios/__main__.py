"""Every scenario, one after the other: ``python -m devnet.scenarios [NAME ...]``.

Each runs in a process of its own, as ``sextant scenario`` does, with 2,000 accounts;
reports and charts are in ``build/scenarios``.  The exit code is the worst one.
"""

import subprocess
import sys
import time

from devnet.scenarios.library import LIBRARY
from node.compiled import ROOT


def main(names: list[str]) -> int:
    """Play the named scenarios, or all."""
    worst = 0
    for name in names or LIBRARY:
        started = time.monotonic()
        done = subprocess.run(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "sextant", "scenario", name),
                *("--out", str(ROOT / "build" / "scenarios")),
            ],
            check=False,
        )
        worst = max(worst, done.returncode)
        seconds = time.monotonic() - started
        sys.stdout.write(f"{name}: exit code {done.returncode}, {seconds:,.0f} s\n\n")
        sys.stdout.flush()
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
