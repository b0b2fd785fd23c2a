"""Who used the processor: seconds of user and system time, by process.

On a shared machine a rate says little without it: orders per second of the busiest
process is what one core of it could do alone.
"""

import os
from pathlib import Path
from typing import Final

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PROC: Final = Path("/proc")
ROLES: Final = (
    ("node.sequencing.roots", "roots"),
    ("node.derivation.roots", "replica roots"),
    ("node.process.recovery", "recovery"),
    ("node.sequencing.signatures", "signatures"),
    ("sequencer", "sequencer"),
    ("l1", "l1"),
)
CLIENT: Final = "client"


def stat_of(pid: int) -> tuple[int, float] | None:
    """Return a process's parent and the seconds it has used; ``None`` if it is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def role_of(pid: int) -> str:
    """Return what a process is, by its command line."""
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "gone"
    for word, role in ROLES:
        if word in words:
            return role
    return "other"


def process_seconds() -> dict[tuple[int, str], float]:
    """Return the seconds that this process and all below it have used, by pid and role."""
    own = os.getpid()
    found = {int(path.name): stat_of(int(path.name)) for path in PROC.glob("[0-9]*")}
    alive = {pid: stat for pid, stat in found.items() if stat is not None}
    used: dict[tuple[int, str], float] = {}
    for pid, (_, seconds) in alive.items():
        above = pid
        while above in alive and above != own:
            above = alive[above][0]
        if above == own:
            used[pid, CLIENT if pid == own else role_of(pid)] = seconds
    return used


def used_between(
    before: dict[tuple[int, str], float], after: dict[tuple[int, str], float]
) -> dict[str, float]:
    """Return the seconds used meanwhile, by role, the busiest first."""
    spent: dict[str, float] = {}
    for (pid, role), seconds in after.items():
        spent[role] = spent.get(role, 0.0) + seconds - before.get((pid, role), 0.0)
    return dict(sorted(spent.items(), key=lambda item: -item[1]))


def busiest_between(
    before: dict[tuple[int, str], float],
    after: dict[tuple[int, str], float],
    beside: frozenset[str] = frozenset(),
) -> float:
    """Return the seconds used meanwhile by the one process that used the most.

    Those of the roles ``beside`` are left out.
    """
    spent = {process: used - before.get(process, 0.0) for process, used in after.items()}
    return max(used for (_, role), used in spent.items() if role not in beside)
