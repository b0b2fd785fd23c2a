"""Quote several levels on both sides under one signature; each has its own outcome.

Run: ``SEXTANT_KEY_FILE=KEY python examples/quote_both_sides.py``
"""

from decimal import Decimal

from sextant import Client, load_key
from sextant.client.amounts import Rounding
from sextant.client.orders import NewOrder

with Client.from_environment(key=load_key()) as client:
    mark = client.ticker("ETH").mark or Decimal(3_000)
    orders = [
        NewOrder(
            market="ETH",
            side=side,
            size="0.01",
            limit=mark * (1 + sign * Decimal(level) / 200),
            post_only=True,
            rounding=Rounding.NEAREST,
        )
        for level in (1, 2, 3)
        for side, sign in (("buy", -1), ("sell", 1))
    ]
    for order, outcome in zip(orders, client.place_many(orders), strict=True):
        what = f"order {outcome.placed.order_id}" if outcome.placed else f"{outcome.error}"
        print(f"{order.side:<4} {order.limit:.2f}: {what}")

    client.cancel_all("ETH")
    print("all cancelled")
