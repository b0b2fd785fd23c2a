"""What waits in the sequencer's queue, and who waits for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from node.ledger.feed import Outcome, Reason, Refusal
from statemachine.actions import Transaction
from statemachine.frame import class_of

UNDECIDED: Final = Refusal(Reason.NOT_READY, "undecided")


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """Settings of the queue and of block making; no rule depends on them."""

    queue_transactions_max: int = 20_000
    signer_transactions_max: int = 4_096
    idle_ms_max: int = 1_000


DEFAULT_LIMITS: Final = Limits()


@final
class Ticket:
    """One caller's batch: its outcomes fill up, then ``done`` is called once."""

    __slots__ = ("done", "missing", "outcomes")

    def __init__(self, size: int, done: Callable[[list[Outcome]], None]) -> None:
        self.outcomes: list[Outcome] = [UNDECIDED] * size
        self.missing = size
        self.done = done

    def settle(self, place: int, outcome: Outcome) -> None:
        """Decide one outcome; the last one answers the caller."""
        self.outcomes[place] = outcome
        self.missing -= 1
        if self.missing == 0:
            self.done(self.outcomes)


@final
class Queued:
    """A transaction that waits for its block; ``rank`` is its class.

    ``echoes`` are those who sent the same bytes again meanwhile.
    """

    __slots__ = ("echoes", "place", "rank", "signer", "ticket", "transaction")

    def __init__(self, transaction: Transaction, signer: bytes, ticket: Ticket, place: int) -> None:
        self.transaction = transaction
        self.signer = signer
        self.rank = class_of(transaction.action)
        self.ticket = ticket
        self.place = place
        self.echoes: list[tuple[Ticket, int]] = []

    def refuse(self, refusal: Refusal) -> None:
        """Tell everyone who waits for it that it is in no block."""
        self.ticket.settle(self.place, refusal)
        for ticket, place in self.echoes:
            ticket.settle(place, refusal)


def rank_of(item: Queued) -> int:
    """Return the class by which a block is sorted."""
    return item.rank
