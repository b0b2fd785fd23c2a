"""Deposit from L1, and wait until the exchange has credited it.

On a devnet get money on L1 first: ``sextant dev faucet alice --usdc 10000``

Run: ``SEXTANT_KEY_FILE=KEY python examples/deposit.py``
"""

from sextant import Client, load_key

with Client.from_environment(key=load_key()) as client:
    print("on L1:", client.l1_account().usdc, "USDC")
    receipt = client.deposit("1000")
    print(f"credited: inbox item {receipt.value}, L1 block {receipt.block}")
    portfolio = client.account().portfolio(0)
    print("balance:", portfolio.balance if portfolio else 0)
