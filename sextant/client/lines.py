"""The lines of a checklist: what was asked, the answer in words, and how it bears on a decision."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from sextant.client.amounts import show_decimal
from statemachine.units import DAY_MS

HOUR_MS: Final = 3_600_000


class Level(StrEnum):
    """How a line bears on the decision; see :mod:`sextant.client.checklist`."""

    OK = "ok"
    NOTE = "note"
    LOOK = "look"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Line:
    """One answer: what was asked, the answer in words, and the figure behind it."""

    level: Level
    name: str
    text: str
    value: object = None


@dataclass(frozen=True, slots=True)
class Section:
    """The answers to one question."""

    title: str
    lines: tuple[Line, ...]


def percent(share: Decimal, digits: int = 4) -> str:
    """Return a share as per cent."""
    return f"{show_decimal((share * 100).quantize(Decimal(10) ** -digits))} %"


def usdc(amount: Decimal) -> str:
    """Return money to the cent."""
    return f"{amount.quantize(Decimal('0.01')) + 0:,f} USDC"


def span(ms: int) -> str:
    """Return a duration in the unit that fits."""
    for unit, size in (("d", DAY_MS), ("h", HOUR_MS), ("min", 60_000)):
        if ms >= 2 * size:
            return f"{ms / size:.1f} {unit}"
    return f"{ms / 1000:.1f} s"


def level_of(*, fine: bool, otherwise: Level = Level.LOOK) -> Level:
    """Return ``ok``, or what it is otherwise."""
    return Level.OK if fine else otherwise
