"""Rest a limit order below the market, look at it, and cancel it.

Run: ``SEXTANT_KEY_FILE=KEY python examples/place_and_cancel.py``
"""

from decimal import Decimal

from sextant import Client, load_key
from sextant.client.amounts import Rounding

with Client.from_environment(key=load_key()) as client:
    ticker = client.ticker("BTC")
    limit = (ticker.mark or Decimal(60_000)) * Decimal("0.95")
    placed = client.place(
        "BTC", "buy", "0.001", limit=limit, post_only=True, rounding=Rounding.DOWN
    )
    print(f"order {placed.order_id} in block {placed.receipt.height}, receipt verified")

    order = client.order(placed.order_id)
    print(f"{order.state}: {order.side} {order.remaining} {order.market} at {order.price}")

    client.cancel(placed.order_id, market="BTC")
    print("cancelled")
