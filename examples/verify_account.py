"""Read your own account under a claim on L1: whatever the node says, or nothing.

Safe is not final: a claim this young may still be disproved.

Run: ``SEXTANT_KEY_FILE=KEY python examples/verify_account.py``
"""

import time

from sextant import Client, load_key
from sextant.client.amounts import show_decimal
from sextant.client.anchors import Trust

ATTEMPTS = 30

with Client.from_environment(key=load_key()) as client:
    for _ in range(ATTEMPTS):
        verified = client.verified(Trust.SAFE)
        account = verified.account(client.address)
        anchor = verified.anchor
        if account is not None:
            for portfolio in account.portfolios:
                equity = show_decimal(portfolio.margin.equity)
                print(f"sub-account {portfolio.sub}: {show_decimal(portfolio.balance)} USDC")
                print(f"equity {equity} USDC, health {portfolio.margin.health or 'no position'}")
            print(f"under claim {anchor.claim}, root 0x{anchor.root.hex()}, {anchor.trust.value}")
            break
        print(f"claim {anchor.claim} has no such account yet")
        time.sleep(1)
