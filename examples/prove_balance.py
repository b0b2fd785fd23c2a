"""Prove your own balance under a state root, without trusting the node.

Run: ``SEXTANT_KEY_FILE=KEY python examples/prove_balance.py``
"""

from sextant import Client, load_key
from sextant.client.amounts import show_usdc
from statemachine.keys import portfolio_key
from statemachine.records import decode_portfolio

with Client.from_environment(key=load_key()) as client:
    account = client.signer().account
    key = portfolio_key(account << 8 | client.core.sub)
    proof = client.proof([key])
    value = proof.values[0][1]
    if value is None:
        raise SystemExit("proved: there is no such portfolio")
    print(f"under root 0x{proof.root.hex()} of height {proof.height}:")
    print("balance", show_usdc(decode_portfolio(key, value).balance))
