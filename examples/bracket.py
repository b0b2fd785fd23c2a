"""Buy with a way out on both sides: a stop below, a take-profit above, one signature.

Run: ``SEXTANT_KEY_FILE=KEY python examples/bracket.py``
"""

from decimal import Decimal

from sextant import Client, load_key
from sextant.client.amounts import Rounding
from sextant.client.orders import NewOrder

with Client.from_environment(key=load_key()) as client:
    mark = client.ticker("BTC").mark or Decimal(60_000)
    entry = NewOrder(market="BTC", side="buy", size="0.001")
    stop = NewOrder(
        market="BTC",
        side="sell",
        size="0.001",
        stop=mark * Decimal("0.98"),
        rounding=Rounding.DOWN,
    )
    profit = NewOrder(
        market="BTC",
        side="sell",
        size="0.001",
        take_profit=mark * Decimal("1.02"),
        rounding=Rounding.UP,
    )
    client.place_bracket(entry, [stop, profit])
    print("bought; whichever exit fires first ends the other")

    client.cancel_after(60)
    print("and if this program dies, all orders go within a minute")
    client.cancel_after(0)
    client.cancel_all("BTC")
    client.close_position("BTC")
