"""Buy at market, no worse than half a percent from mark, and close again.

Run: ``SEXTANT_KEY_FILE=KEY python examples/market_order.py``
"""

from sextant import Client, load_key

with Client.from_environment(key=load_key()) as client:
    bought = client.place("BTC", "buy", "0.001", slippage="0.005")
    print(f"bought {bought.filled} at {bought.average_price}, fee {bought.fee} USDC")

    closed = client.close_position("BTC")
    if closed is not None:
        print(f"closed {closed.filled} at {closed.average_price}, fee {closed.fee} USDC")
