"""The ends of log files, and what comes after."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

POLL_S: Final = 0.2
TAIL_BYTES: Final = 65_536


def print_tail(log: Path, lines: int, *, named: bool) -> None:
    """Print the last ``lines`` of a log."""
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        text = file.read().decode(errors="replace").splitlines()
    if named:
        sys.stdout.write(f"==> {log.name} <==\n")
    for line in text[len(text) - min(lines, len(text)) :]:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


def follow(logs: Sequence[Path]) -> None:
    """Print what is appended, until interrupted; a rotated log is read from its new start."""
    places = {log: log.stat().st_size for log in logs}
    while True:
        for log, place in places.items():
            size = log.stat().st_size if log.exists() else 0
            if size == place:
                continue
            with log.open("rb") as file:
                file.seek(place if size > place else 0)
                added = file.read().decode(errors="replace")
            places[log] = size
            prefix = f"{log.stem}: " if len(logs) > 1 else ""
            for line in added.splitlines():
                sys.stdout.write(prefix + line + "\n")
        sys.stdout.flush()
        time.sleep(POLL_S)
