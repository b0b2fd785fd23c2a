"""Place with an id of your own: doing it again never doubles the order.

Run: ``SEXTANT_KEY_FILE=KEY python examples/retry_safely.py``
"""

from decimal import Decimal
from uuid import uuid4

from sextant import Client, load_key
from sextant.client.amounts import Rounding

with Client.from_environment(key=load_key()) as client:
    mark = client.ticker("BTC").mark or Decimal(60_000)
    mine = uuid4()
    for attempt in (1, 2):
        placed = client.place(
            "BTC",
            "buy",
            "0.001",
            limit=mark * Decimal("0.95"),
            rounding=Rounding.DOWN,
            client_id=mine,
        )
        print(f"attempt {attempt}: order {placed.order_id}, existed before: {placed.existed}")
    client.cancel(mine, market="BTC")
