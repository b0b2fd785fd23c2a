"""Send many signed transactions over one stream, several batches at a time.

Run: ``SEXTANT_KEY_FILE=KEY python examples/pipeline.py``
"""

import asyncio
from decimal import Decimal
from time import monotonic

from sextant import AsyncClient, load_key
from sextant.client.amounts import Rounding
from sextant.client.orders import NewOrder

BATCHES = 4
BATCH_ORDERS = 25


async def main() -> None:
    """Place a hundred orders, then cancel them all."""
    async with AsyncClient.from_environment(key=load_key()) as client:
        mark = (await client.ticker("BTC")).mark or Decimal(60_000)
        order = NewOrder(
            market="BTC",
            side="buy",
            size="0.0005",
            limit=mark * Decimal("0.9"),
            post_only=True,
            rounding=Rounding.DOWN,
        )
        action = await client.compose(order)
        batches = [await client.sign_many([action] * BATCH_ORDERS) for _ in range(BATCHES)]
        start = monotonic()
        async with client.pipeline() as pipeline:
            outcomes = await asyncio.gather(
                *(pipeline.send([one.data for one in batch]) for batch in batches)
            )
        taken = sum(code == 0 for outcome in outcomes for code in outcome.codes)
        sent = BATCHES * BATCH_ORDERS
        print(f"{taken} of {sent} orders taken in {monotonic() - start:.2f} s, each durable")
        await client.cancel_all("BTC")


asyncio.run(main())
