"""Trade against another asset than USDC: deposit it, see what it counts for, take some back.

On a devnet get some on L1 first: ``sextant dev faucet alice --asset WSTETH --amount 10``

Run: ``SEXTANT_KEY_FILE=KEY python examples/collateral.py``
"""

from sextant import Client, load_key

with Client.from_environment(key=load_key()) as client:
    for asset in client.assets():
        print(f"{asset}: {asset.price} USDC, {asset.initial_weight:.0%} of it to trade against")
    client.deposit("2", asset="WSTETH")
    made = client.withdraw_asset("WSTETH", "0.5")
    print(f"withdrawal {made.index} in block {made.receipt.height}")
    portfolio = client.account().portfolio(0)
    for holding in portfolio.assets if portfolio else ():
        print(f"{holding.amount} {holding.asset} counts for {holding.value_initial:,.2f} USDC")
