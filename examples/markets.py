"""What can be traded, and at what prices.

Run: ``python examples/markets.py``
"""

from sextant import Client

with Client.from_environment() as client:
    status = client.status()
    print(f"chain {status.chain_id}, height {status.unsafe.height}, ready: {status.ready}")
    for ticker in client.tickers():
        market = ticker.market
        print(
            f"{market.name}: mark {ticker.mark}, index {ticker.index}, "
            f"bid {ticker.bid}, ask {ticker.ask}, tick {market.tick_size}, lot {market.lot_size}"
        )
