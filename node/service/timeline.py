"""Heights by block time, found by halving: block times only grow.

Old blocks are read from disk, so a search lets others run between two reads,
and keeps the times that it saw for the next one.
"""

import asyncio
from typing import Final, final

from node.ledger import feed

TIMES_KEPT_MAX: Final = 65_536


@final
class Timeline:
    """The times of one node's blocks."""

    def __init__(self, ledger: feed.Ledger) -> None:
        self.ledger = ledger
        self.times: dict[int, int] = {}

    async def height_at(self, time: int) -> int:
        """Return the height of the block with this time, 0 if there is none."""
        low, high = 1, self.ledger.status().unsafe.height
        while low < high:
            middle = (low + high) // 2
            if await self.time_of(middle) < time:
                low = middle + 1
            else:
                high = middle
        block = self.ledger.block(low)
        if block is not None and block.time == time:
            return low
        self.times.clear()  # blocks may have been taken back since they were seen
        return 0

    async def time_of(self, height: int) -> int:
        """Return a block's time; 0, as of long ago, if it is not kept."""
        known = self.times.get(height)
        if known is not None:
            return known
        await asyncio.sleep(0)
        block = self.ledger.block(height)
        if block is None:
            return 0
        if len(self.times) >= TIMES_KEPT_MAX:
            self.times.clear()
        self.times[height] = block.time
        return block.time
