"""Prove your own balance under a state root, without trusting the node.

Proofs are under the root after the newest batch on L1, so what happened in
the last seconds is not in them yet.

Run: ``SEXTANT_KEY_FILE=KEY python examples/prove_balance.py``
"""

import time

from sextant import Client, load_key
from sextant.client.amounts import show_usdc
from statemachine.keys import portfolio_key
from statemachine.records import decode_portfolio

ATTEMPTS = 30

with Client.from_environment(key=load_key()) as client:
    key = portfolio_key(client.signer().account << 8)
    for _ in range(ATTEMPTS):
        proof = client.proof([key])
        value = proof.values[0][1]
        if value is not None:
            balance = show_usdc(decode_portfolio(key, value).balance)
            print(f"{balance} under root 0x{proof.root.hex()} of height {proof.height}")
            break
        print(f"not yet at height {proof.height}")
        time.sleep(1)
