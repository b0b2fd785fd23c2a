"""Allowances: how much each peer may still ask for, refilled at a rate up to a burst.

A token bucket per peer, without a timer: what has grown since the last look is
added at the next one.  The number of peers that are remembered is bounded; one
that is forgotten starts anew with a full burst.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, final

PEERS_MAX: Final = 4096
"""Peers whose allowance is remembered; the longest idle is forgotten first."""


@final
class Bucket:
    """What one peer has left, and since when."""

    __slots__ = ("left", "since")

    def __init__(self, left: int, since: float) -> None:
        self.left = left
        self.since = since


@final
class Allowances:
    """The allowances of all peers.

    Parameters
    ----------
    rate, burst
        By how much an allowance grows a second, and what it never exceeds.
    clock
        Seconds that only grow.
    """

    def __init__(self, rate: int, burst: int, clock: Callable[[], float]) -> None:
        self.rate = rate
        self.burst = burst
        self.clock = clock
        self.buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, peer: str, count: int) -> int | None:
        """Take ``count`` off a peer's allowance; if it has less, return what it has instead."""
        now = self.clock()
        bucket = self.buckets.get(peer)
        if bucket is None:
            bucket = self.buckets[peer] = Bucket(self.burst, now)
            if len(self.buckets) > PEERS_MAX:
                self.buckets.popitem(last=False)
        else:
            self.buckets.move_to_end(peer)
        refill = int((now - bucket.since) * self.rate)
        if refill:
            bucket.left = min(self.burst, bucket.left + refill)
            bucket.since = now
        if bucket.left < count:
            return bucket.left
        bucket.left -= count
        return None


def host_of(peer: str) -> str:
    """Return a peer without its port: all connections of one machine share an allowance.

    gRPC says ``ipv4:203.0.113.7:51234``, ``ipv6:%5B2001:db8::7%5D:51234`` or ``unix:...``.
    """
    kind, _, place = peer.partition(":")
    return peer.rpartition(":")[0] if kind in ("ipv4", "ipv6") and ":" in place else peer
