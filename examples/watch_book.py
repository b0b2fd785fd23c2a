"""Follow a book: snapshot, then deltas; gaps are noticed and healed.

Run: ``python examples/watch_book.py``
"""

import asyncio

from sextant import AsyncClient
from sextant.errors import ClientError

UPDATES = 3


def tell(reason: ClientError) -> None:
    """Say that the feed had to start anew."""
    print("subscribed again:", reason)


async def main() -> None:
    """Print the best prices of a few updates."""
    async with AsyncClient.from_environment() as client:
        seen = 0
        async for ladder in client.watch_book("BTC", on_reset=tell):
            book = ladder.view(levels=1)
            bid = book.bids[0].price if book.bids else None
            ask = book.asks[0].price if book.asks else None
            print(f"{book.sequence}: bid {bid}, ask {ask}")
            seen += 1
            if seen == UPDATES:
                return


asyncio.run(main())
