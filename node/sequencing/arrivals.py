"""How many transactions a node has taken in since it started, for who waits for them."""

import asyncio
from typing import final


@final
class Arrivals:
    """A count that only grows, and that can be waited for."""

    def __init__(self) -> None:
        self.count = 0
        self._more = asyncio.Event()

    def add(self, count: int) -> None:
        """Count what was taken in: each one is queued, answered or refused by now."""
        self.count += count
        self._more.set()

    async def reach(self, count: int) -> None:
        """Wait until so many were taken in."""
        while self.count < count:
            self._more.clear()
            await self._more.wait()
