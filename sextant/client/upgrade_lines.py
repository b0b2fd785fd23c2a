"""What the checklist says of the rules: whether the node runs those of L1, and what comes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from sextant.client.lines import Level, Line, level_of, span
from sextant.client.upgrades import Upgrade, Upgrades

SHOWN_CHANGES_MAX: Final = 4


def upgrade_lines(upgrades: Upgrades, rules_hash: bytes) -> Iterable[Line]:
    """Say which rules are in force, by what the node names, and what comes when."""
    current = upgrades.hashes.get(upgrades.in_force)
    before = upgrades.hashes.get(upgrades.outgoing)
    if rules_hash == current:
        text = "the node runs the rules that L1 holds claims to"
    elif rules_hash == before:
        text = f"version {upgrades.in_force} is in force, the node is about to go over to it"
    else:
        text = "NOT those of L1"
    known = rules_hash in (current, before)
    yield Line(level_of(fine=known, otherwise=Level.BAD), "rules", text, rules_hash)
    if not any(upgrades.governor):
        yield Line(Level.OK, "upgrade", "nobody can bring other rules: there is no governor")
    elif upgrades.coming is None:
        text = f"none is announced; 0x{upgrades.governor.hex()} may announce other rules, at least"
        text += f" {span(upgrades.notice_ms)} before they come"
        yield Line(Level.NOTE, "upgrade", text, upgrades.notice_ms)
    else:
        yield from coming_lines(upgrades.coming, upgrades.clock_ms)


def coming_lines(coming: Upgrade, now_ms: int) -> Iterable[Line]:
    """Say what is announced, and until when a way out is sure to come first."""
    text = f"version {coming.number} comes at {stamp(coming.starts_ms)},"
    text += f" in {span(coming.starts_ms - now_ms)}: {told_changes(coming)}"
    yield Line(Level.LOOK, "upgrade", text, coming.starts_ms)
    left = coming.last_exit_ms - now_ms
    last = stamp(coming.last_exit_ms)
    if left > 0:
        text = f"{last}, in {span(left)}: a forced withdrawal by then is paid before it"
        yield Line(Level.LOOK, "last safe exit", text, coming.last_exit_ms)
    else:
        text = f"was {last}: a way out that begins now may end under the new rules"
        yield Line(Level.BAD, "last safe exit", text, coming.last_exit_ms)


def told_changes(coming: Upgrade) -> str:
    """Return what changes, in a line; `sextant l1 rules` has all of it."""
    if coming.unknown:
        return f"what it changes is not known here ({coming.unknown}): upgrade sextant"
    shown = [f"{c.name} {c.before} -> {c.after}" for c in coming.changes[:SHOWN_CHANGES_MAX]]
    left = len(coming.changes) - len(shown)
    more = f" and {left} more, see `sextant l1 rules`" if left else ""
    return ", ".join(shown) + more if shown else "it changes nothing"


def stamp(time_ms: int) -> str:
    """Return a time of L1's clock, to the second."""
    text = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")
