"""Follow your own account while trading: orders, fills, money.

Run: ``SEXTANT_KEY_FILE=KEY python examples/watch_account.py``
"""

import asyncio

from sextant import AsyncClient, load_key
from sextant.client.events import FillEvent, OrderEvent


async def main() -> None:
    """Trade once, and see it arrive on the feed."""
    async with AsyncClient.from_environment(key=load_key()) as client:
        trade: asyncio.Task[object] | None = None
        async for update in client.watch_account():
            if trade is None:
                # The first update is empty: from here on nothing is missed.
                trade = asyncio.create_task(client.place("BTC", "buy", "0.001"))
            for event in update.events:
                if isinstance(event, FillEvent):
                    print(f"filled {event.size} {event.market} at {event.price}")
                elif isinstance(event, OrderEvent):
                    print(f"order {event.order.order_id} is {event.order.state}")
            if any(isinstance(event, FillEvent) for event in update.events):
                break
        if trade is not None:
            await trade
        await client.close_position("BTC")


asyncio.run(main())
