"""Who listens to new blocks: one bounded queue per subscriber.

A subscriber that falls behind is told so and cut off; it never holds up the
sequencer, and nothing is dropped in silence.  So is everybody when another
block comes in the place of one that was told: what they made of it is not true.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from typing import Final, final

from node.ledger.feed import Lagging, SealedBlock

BLOCKS_BEHIND_MAX: Final = 512
BLOCKS_KEPT_MAX: Final = 512
TIMES_KEPT_MAX: Final = 64


@final
class Subscriber:
    """One listener: its queue, and whether it was cut off."""

    __slots__ = ("lagging", "queue")

    def __init__(self) -> None:
        self.queue: asyncio.Queue[SealedBlock] = asyncio.Queue(BLOCKS_BEHIND_MAX)
        self.lagging = False

    def offer(self, block: SealedBlock) -> None:
        """Queue a block, or cut the listener off."""
        if self.queue.full():
            self.lagging = True
        elif not self.lagging:
            self.queue.put_nowait(block)


@final
class Audience:
    """Recent blocks, those who wait for the next, and those who wait for roots."""

    def __init__(self, fetch: Callable[[int], SealedBlock | None], rooted: int) -> None:
        """``fetch`` reads old blocks; ``rooted`` is the last height with known roots."""
        self.fetch = fetch
        self.rooted_height = rooted
        self.recent: OrderedDict[int, SealedBlock] = OrderedDict()
        self.told = 0
        self.taken_back: dict[int, bytes] = {}
        self.times: dict[int, int] = {}
        self.subscribers: set[Subscriber] = set()
        self.waiters: set[asyncio.Event] = set()

    def block(self, height: int) -> SealedBlock | None:
        """Return a block, from memory if it is recent."""
        return self.recent.get(height) or self.fetch(height)

    def time_of(self, height: int) -> int:
        """Return a block's time, ms; 0 if there is no such block.  Cheap when asked again."""
        if height not in self.times:
            block = self.block(height)
            if block is None:
                return 0
            if len(self.times) >= TIMES_KEPT_MAX:
                self.times.clear()
            self.times[height] = block.time
        return self.times[height]

    def publish(self, block: SealedBlock) -> None:
        """Tell everyone about a durable block."""
        before = self.taken_back.pop(block.height, b"")
        replaces = block.height <= self.told and before != block.cursor_hash
        if replaces:
            self.taken_back.clear()
        self.told = block.height if replaces else max(self.told, block.height)
        self.recent[block.height] = block
        if len(self.recent) > BLOCKS_KEPT_MAX:
            self.recent.popitem(last=False)
        for subscriber in self.subscribers:
            subscriber.offer(block)
            subscriber.lagging |= replaces

    def cut(self, height: int) -> None:
        """Forget the blocks above ``height``: L1 took them back."""
        for above in [known for known in self.recent if known > height]:
            self.taken_back[above] = self.recent.pop(above).cursor_hash
        self.times = {known: time for known, time in self.times.items() if known <= height}
        self.rooted_height = min(self.rooted_height, height)

    def root(self, height: int) -> None:
        """Tell those who wait that the roots up to ``height`` are known."""
        self.rooted_height = max(self.rooted_height, height)
        for waiter in self.waiters:
            waiter.set()

    async def subscribe(self) -> AsyncIterator[SealedBlock]:
        """Yield each new durable block; raise ``Lagging`` when cut off."""
        subscriber = Subscriber()
        self.subscribers.add(subscriber)
        try:
            while not (subscriber.lagging and subscriber.queue.empty()):
                yield await subscriber.queue.get()
            raise Lagging(f"over {BLOCKS_BEHIND_MAX} blocks behind, or on a fork; subscribe again")
        finally:
            self.subscribers.discard(subscriber)

    async def rooted(self, height: int) -> AsyncIterator[SealedBlock]:
        """Yield blocks from ``height`` on, each once its roots are known."""
        waiter = asyncio.Event()
        self.waiters.add(waiter)
        try:
            while True:
                while height > self.rooted_height:
                    waiter.clear()
                    await waiter.wait()
                block = self.block(height)
                if block is None:
                    return
                yield block
                height += 1
        finally:
            self.waiters.discard(waiter)
