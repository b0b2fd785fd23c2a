"""Move an order; it gets a new id, and keeps its client id.

Run: ``SEXTANT_KEY_FILE=KEY python examples/modify_order.py``
"""

from decimal import Decimal

from sextant import Client, load_key
from sextant.client.amounts import Rounding

with Client.from_environment(key=load_key()) as client:
    mark = client.ticker("BTC").mark or Decimal(60_000)
    low = mark * Decimal("0.95")
    placed = client.place("BTC", "buy", "0.002", limit=low, rounding=Rounding.DOWN)
    moved = client.modify(placed.client_id, limit=low - 10, rounding=Rounding.DOWN)
    print(f"order {placed.order_id} is now {moved.order_id}")

    shrunk = client.modify(moved.order_id, size="0.001")
    print(f"half as large, same place in the queue: {shrunk.order_id == moved.order_id}")

    client.cancel(placed.client_id, market="BTC")
    print("cancelled by its client id")
