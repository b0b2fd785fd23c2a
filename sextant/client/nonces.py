"""Nonces that concurrent senders can draw without asking each other.

A nonce is ``time_ms << 10 | counter``.  The node keeps a *window* of used
nonces per signer, so order does not matter and nothing has to be fetched
before sending.  Two processes with one key would collide only if they drew
in the same millisecond from the same counter: each starts its counter at a
random place, and a collision is a refusal that is safe to sign again.
"""

import secrets
from typing import Final, final

from sextant.client.clock import NodeClock

COUNTER_BITS: Final = 10
COUNTER_MASK: Final = (1 << COUNTER_BITS) - 1


@final
class NonceSource:
    """Draws strictly increasing nonces near the node's time.

    The counter moves with every draw, also across milliseconds: the node
    sorts a signer's used nonces into buckets by their low bits, and senders
    that overtake each other disturb a bucket the less, the fuller all are.
    """

    __slots__ = ("_clock", "_counter", "_last")

    def __init__(self, clock: NodeClock, *, start: int | None = None) -> None:
        self._clock = clock
        self._counter = secrets.randbelow(COUNTER_MASK + 1) if start is None else start
        self._last = 0

    def draw(self) -> int:
        """Return a nonce that was not drawn before."""
        self._counter = (self._counter + 1) & COUNTER_MASK
        nonce = self._clock.now_ms() << COUNTER_BITS | self._counter
        if nonce <= self._last:
            # Faster than the counter within a millisecond: the carry moves into the time.
            nonce = self._last + 1
            self._counter = nonce & COUNTER_MASK
        self._last = nonce
        return nonce

    def reset(self) -> None:
        """Forget what was drawn: the node's clock went back (a restored devnet)."""
        self._last = 0


def time_of(nonce: int) -> int:
    """Return the time in ms that a nonce carries."""
    return nonce >> COUNTER_BITS
