"""What became of the sequencer's bond."""

from dataclasses import dataclass
from typing import Any, Final, final

from prover.contract.events.kinds import EventKind


@final
@dataclass(frozen=True, slots=True)
class SequencerBonded:
    """The sequencer added ``amount`` gwei to its bond, which is ``total`` now."""

    amount: int
    total: int


@final
@dataclass(frozen=True, slots=True)
class PromiseBroken:
    """A promise was shown to be broken; what became of the bond, in gwei.

    With a commitment the payee got ``refunded`` and ``reward``; without one whoever
    called got ``refunded``, and there is no reward.
    """

    kind: int
    height: int
    payee: bytes
    burnt: int
    refunded: int
    reward: int


@final
@dataclass(frozen=True, slots=True)
class BondLeft:
    """The sequencer promises no more; its last deadline is at ``deadline``, ms."""

    deadline: int


@final
@dataclass(frozen=True, slots=True)
class BondTaken:
    """The sequencer took its bond back, in gwei."""

    amount: int


PromiseEvent = SequencerBonded | PromiseBroken | BondLeft | BondTaken

PROMISE_EVENTS: Final[dict[EventKind, type[Any]]] = {
    EventKind.BOND_TAKEN: BondTaken,
    EventKind.SEQUENCER_BONDED: SequencerBonded,
    EventKind.PROMISE_BROKEN: PromiseBroken,
    EventKind.BOND_LEFT: BondLeft,
}
