"""Transactions in: their signers, their places in the queue, and what becomes of them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, final

from node.ledger.feed import Outcome, Reason, Refusal
from node.sequencing.arrivals import Arrivals
from node.sequencing.sequencer import Sequencer
from node.sequencing.signatures import SignaturePool
from node.sequencing.tickets import Ticket

SHUTTING_DOWN: Final = Refusal(Reason.SHUTTING_DOWN, "the node is shutting down")


@final
class Intake:
    """The way into the queue of ``core``.

    Parameters
    ----------
    closed
        Why nothing is taken at the moment, if so.
    ended
        Whether nothing will be taken any more.
    clock
        Chain time by L1's clock, ms.
    filled
        Told when what waits would fill a block.
    """

    def __init__(
        self,
        core: Sequencer,
        pool: SignaturePool,
        *,
        closed: Callable[[], Refusal | None],
        ended: Callable[[], bool],
        clock: Callable[[], int],
        filled: Callable[[], None],
    ) -> None:
        self.core = core
        self.pool = pool
        self.closed = closed
        self.ended = ended
        self.clock = clock
        self.filled = filled
        self.recovering = 0
        self.arrivals = Arrivals()

    async def submit(self, transactions: Sequence[bytes]) -> list[Outcome]:
        """Queue transactions and wait until each is durable or refused."""
        refusal = self.closed() or self.crowded(len(transactions))
        if refusal is not None:
            return [refusal] * len(transactions)
        self.recovering += len(transactions)
        try:
            signers = await self.pool.recover(transactions)
        finally:
            self.recovering -= len(transactions)
            self.arrivals.add(len(transactions))
        if self.ended():
            return [SHUTTING_DOWN] * len(transactions)
        answer: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        ticket = Ticket(len(transactions), lambda outcomes: resolve(answer, outcomes))
        now = self.clock()
        for place, signer in enumerate(signers):
            if isinstance(signer, Refusal):
                ticket.settle(place, signer)
            else:
                self.core.offer(transactions[place], signer, now, ticket, place)
        if self.core.full():
            self.filled()
        return await answer

    def crowded(self, count: int) -> Refusal | None:
        """Return a refusal if the queue has no room for so many more."""
        most = self.core.limits.queue_transactions_max
        if self.recovering + len(self.core.pending) + count > most:
            return Refusal(Reason.QUEUE_FULL, f"queue: {most} transactions wait already")
        return None


def resolve(answer: "asyncio.Future[list[Outcome]]", outcomes: list[Outcome]) -> None:
    """Answer a caller, unless it went away."""
    if not answer.done():
        answer.set_result(outcomes)
