"""The node's time, as a client can know it.

Nonces and expiries are judged by *block* time, which on a warped devnet has
nothing to do with the clock on the wall.  So a client asks the node, notes
how long the answer took, and counts on from there with a monotonic clock.
"""

import time
from typing import Final, final

NANOS_PER_MS: Final = 1_000_000


@final
class NodeClock:
    """Block time plus the time measured since: the only clock of a client."""

    __slots__ = ("_base_ms", "_mark_ns")

    def __init__(self) -> None:
        self._base_ms = 0
        self._mark_ns = 0

    @property
    def known(self) -> bool:
        """Whether the node has been asked at least once."""
        return self._base_ms > 0

    def set(self, node_ms: int, round_trip_ns: int) -> None:
        """Take the node's time from an answer that took ``round_trip_ns``."""
        self._base_ms = node_ms + round_trip_ns // (2 * NANOS_PER_MS)
        self._mark_ns = time.monotonic_ns()

    def observe(self, block_ms: int) -> None:
        """Move forward if a block is ahead of us: the node's clock was warped."""
        if block_ms > self.now_ms():
            self._base_ms, self._mark_ns = block_ms, time.monotonic_ns()

    def now_ms(self) -> int:
        """Return the node's time now, in ms; 0 if it was never asked."""
        if self._base_ms == 0:
            return 0
        return self._base_ms + (time.monotonic_ns() - self._mark_ns) // NANOS_PER_MS
