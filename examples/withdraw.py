"""Withdraw to L1: ask, wait until it is final, and claim it with a proof.

On a devnet the challenge window is a minute; ``sextant dev warp 2m`` skips it.

Run: ``SEXTANT_KEY_FILE=KEY python examples/withdraw.py``
"""

import time

from sextant import Client, load_key
from sextant.errors import Refused

POLL_S = 1.0
WAIT_S = 180.0

with Client.from_environment(key=load_key()) as client:
    made = client.withdraw("5")
    print(f"withdrawal {made.index} in block {made.receipt.height}")
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            receipt = client.claim_withdrawal(made.index)
        except Refused as error:
            if error.code != "NOT_FINAL" or time.monotonic() > deadline:
                raise
            time.sleep(POLL_S)
            continue
        print(f"paid {receipt.value / 1_000_000:.2f} USDC in L1 block {receipt.block}")
        break
