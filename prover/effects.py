"""What a challenger's core asks its process to do, in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from prover.contract.calls import Call
from prover.replica import Derived


@final
@dataclass(frozen=True, slots=True)
class Said:
    """A line for people: ``level`` is info, warning or alert."""

    level: str
    text: str
    fields: Mapping[str, object]


@final
@dataclass(frozen=True, slots=True)
class Keep:
    """Store a value durably before the next effect is carried out."""

    key: bytes
    value: bytes


@final
@dataclass(frozen=True, slots=True)
class Send:
    """Send a call about a claim to L1, and report the receipt.

    It bids no more than ``fee_max`` gwei per 1,000,000 gas; 0: no bound.
    """

    claim: int
    call: Call
    fee_max: int = 0


@final
@dataclass(frozen=True, slots=True)
class Settled:
    """These entries are final: their writes may move into the durable state."""

    derived: list[Derived]


@final
@dataclass(frozen=True, slots=True)
class Learnt:
    """Store what L1 lists of versions of the rules, encoded."""

    book: bytes


Effect = Said | Keep | Learnt | Send | Settled


@final
class Outbox:
    """Effects waiting to be carried out."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []

    def push(self, effect: Effect) -> None:
        """Queue an effect."""
        self.effects.append(effect)

    def say(self, level: str, text: str, **fields: object) -> None:
        """Queue a line."""
        self.push(Said(level, text, fields))

    def take(self) -> list[Effect]:
        """Return what waits, and let go of it."""
        effects, self.effects = self.effects, []
        return effects
