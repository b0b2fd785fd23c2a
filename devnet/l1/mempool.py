"""The stub's mempool: calls that wait, one for each nonce of a sender, dearest tips first.

A sender's calls come into blocks in the order of their nonces; among those whose
turn it is, the one comes first that tips the most at the base fee, and of equals
the one that came first.  A call that bids less than the base fee waits, and those
of its sender behind it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final, final

from prover.contract.calls import Envelope
from prover.contract.codes import ContractCode, require
from prover.contract.fees import bid_floor, is_covered, outbids, price_of

MEMPOOL_CALLS_MAX: Final = 4_096
MEMPOOL_BYTES_MAX: Final = 64 << 20


@final
@dataclass(frozen=True, slots=True)
class Waiting:
    """A call in the mempool.

    ``size`` in bytes, ``gas`` the most that it may take; ``arrival`` counts the calls
    that came before it, ``since`` is the latest block when it came.
    """

    hash: bytes
    sender: bytes
    envelope: Envelope
    size: int
    gas: int = 0
    arrival: int = 0
    since: int = 0


@final
class Mempool:
    """What waits, bounded in calls and bytes."""

    def __init__(self) -> None:
        self.calls: dict[bytes, Waiting] = {}
        self.bytes = 0
        self.arrivals = 0
        self._queues: dict[bytes, dict[int, Waiting]] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self.calls)

    def __contains__(self, name: bytes) -> bool:
        """Return whether a call waits."""
        return name in self.calls

    def queue_of(self, sender: bytes) -> dict[int, Waiting]:
        """Return a sender's calls by nonce."""
        return self._queues.get(sender, {})

    def add(self, waiting: Waiting, mined: int) -> None:
        """Take a call in, given its sender's next nonce as mined; the same one again does no harm.

        Raises
        ------
        Refusal
            ``NONCE_USED``, ``NONCE_GAP``, ``MEMPOOL_FULL``, or ``UNDERPRICED``: another
            bid waits for this nonce, and this one is not higher by a tenth in both.
        """
        nonce, sender = waiting.envelope.nonce, waiting.sender
        queue = self.queue_of(sender)
        before, expected = queue.get(nonce), mined + len(queue)
        require(
            nonce >= expected or before is not None,
            ContractCode.NONCE_USED,
            f"nonce {nonce} of {sender.hex()} was used, the next is {expected}",
        )
        require(
            nonce <= expected,
            ContractCode.NONCE_GAP,
            f"nonce {nonce} of {sender.hex()}, the next is {expected}",
        )
        if before is not None:
            known = before.hash == waiting.hash
            if known and is_covered(waiting.envelope.bid, before.envelope.bid):
                return
            floor = bid_floor(before.envelope.bid)
            require(
                outbids(waiting.envelope.bid, before.envelope.bid),
                ContractCode.UNDERPRICED,
                f"a call waits with nonce {nonce} of {sender.hex()}; another bid in its place "
                f"needs fee_max {floor.fee_max} and tip {floor.tip} at least",
            )
        require(
            self._has_room(waiting, before) or self._make_room(waiting),
            ContractCode.MEMPOOL_FULL,
            f"{len(self.calls)} calls of {self.bytes} bytes are waiting, none bids less",
        )
        if before is not None:
            self.remove(before)
        self.calls[waiting.hash] = waiting
        self.bytes += waiting.size
        self.arrivals += 1
        self._queues.setdefault(sender, {})[nonce] = waiting

    def _has_room(self, waiting: Waiting, before: Waiting | None = None) -> bool:
        freed = 0 if before is None else before.size
        return (
            len(self.calls) < MEMPOOL_CALLS_MAX + (before is not None)
            and self.bytes - freed + waiting.size <= MEMPOOL_BYTES_MAX
        )

    def _make_room(self, waiting: Waiting) -> bool:
        """Forget the last calls of other senders that bid least, if they bid less than this one.

        So nobody keeps others out with calls that never pay.
        """
        while not self._has_room(waiting):
            last = [q[max(q)] for sender, q in self._queues.items() if sender != waiting.sender]
            least = min(last, key=lambda each: each.envelope.bid.fee_max, default=None)
            if least is None or least.envelope.bid.fee_max >= waiting.envelope.bid.fee_max:
                return False
            self.remove(least)
        return True

    def remove(self, waiting: Waiting) -> None:
        """Let go of a call."""
        del self.calls[waiting.hash]
        self.bytes -= waiting.size
        queue = self._queues[waiting.sender]
        del queue[waiting.envelope.nonce]
        if not queue:
            del self._queues[waiting.sender]

    def clear(self) -> list[Envelope]:
        """Forget every call that waits, and return them, oldest first."""
        dropped = [each.envelope for each in self.by_arrival()]
        self.calls.clear()
        self._queues.clear()
        self.bytes = 0
        return dropped

    def by_arrival(self) -> list[Waiting]:
        """Return what waits, each sender's nonces in order, else the oldest first."""
        return list(self._in_order(lambda waiting: waiting.arrival))

    def payable(self, base_fee: int) -> Iterator[Waiting]:
        """Yield the calls that a block with this base fee may hold, in its order."""
        return self._in_order(
            lambda waiting: base_fee - price_of(waiting.envelope.bid, base_fee),
            lambda waiting: waiting.envelope.bid.fee_max >= base_fee,
        )

    def _in_order(
        self,
        rank: Callable[[Waiting], int],
        admits: Callable[[Waiting], bool] = lambda _: True,
    ) -> Iterator[Waiting]:
        """Yield the least by rank, then by arrival, of those whose nonce has its turn.

        Who is not admitted holds up what comes behind him.
        """
        heap: list[tuple[int, int, Waiting]] = []
        lines = {sender: iter(sorted(queue)) for sender, queue in self._queues.items()}

        def push(sender: bytes) -> None:
            nonce = next(lines[sender], None)
            if nonce is None:
                return
            waiting = self._queues[sender][nonce]
            if admits(waiting):
                heappush(heap, (rank(waiting), waiting.arrival, waiting))

        for sender in lines:
            push(sender)
        while heap:
            _, _, waiting = heappop(heap)
            yield waiting
            push(waiting.sender)
