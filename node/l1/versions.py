"""What a node's log says of the versions of the exchange's rules."""

from typing import Protocol

from prover.contract.records import RulesVersion
from prover.durations import tell_duration
from prover.rulesbook import RulesBook


class Log(Protocol):
    """What is used of a logger."""

    def warning(self, event: str, **fields: object) -> object:
        """Say what somebody should look at."""

    def error(self, event: str, **fields: object) -> object:
        """Say what somebody must act on."""


def tell_version(log: Log, book: RulesBook, version: RulesVersion, now: int) -> None:
    """Log that a version was scheduled or taken back; loudly, if this program does not know it."""
    number, why = version.number, book.why_not(version.number)
    left = version.starts - now
    when = f"in {tell_duration(left)}" if left > 0 else "in force"
    if version.cancelled:
        log.warning("rules were taken back", version=number)
    elif not why:
        log.warning("other rules are scheduled", version=number, when=when, at=version.starts)
    else:
        log.error(
            "rules are scheduled that this program does not know: it will halt when they are in "
            "force; upgrade sextant before",
            version=number,
            when=when,
            at=version.starts,
            why=why,
        )
