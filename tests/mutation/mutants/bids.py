"""Bids for a place on L1, the wallet behind them, and what an attester may sign."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import BIDS, DUTIES, ENVELOPES, VOWS


def prover(file: str, old: str, new: str, breaks: str, *tests: str) -> Mutant:
    """Return a breakage of a module of the prover."""
    return Mutant(f"{file}.py", old, new, breaks, tests, package="prover")


MUTANTS: Final = (
    prover(
        "contract/fees",
        "return max(base_fee - max(change, 1), base_fee_min)",
        "return max(base_fee, base_fee_min)",
        "a spike never ends",
        BIDS,
    ),
    prover(
        "contract/fees",
        "return min(bid.fee_max, base_fee + bid.tip)",
        "return base_fee + bid.tip",
        "somebody pays more than he bid",
        BIDS,
    ),
    prover(
        "contract/fees",
        "return bid.fee_max >= floor.fee_max and bid.tip >= floor.tip",
        "return bid.fee_max >= floor.fee_max",
        "a bid gives way to one that tips no more",
        BIDS,
    ),
    prover(
        "contract/fees",
        "fee_max = min(bid.fee_max, policy.fee_max)",
        "fee_max = bid.fee_max",
        "a bid leaves the wallet's bound",
        BIDS,
    ),
    prover(
        "contract/calls/envelope",
        "contract, nonce, *bid, encode_call(call)])",
        "contract, nonce, encode_call(call)])",
        "a bid is not signed",
        ENVELOPES,
    ),
    prover(
        "purse",
        "return max(min(bounds), 1) if bounds else 0",
        "return 0",
        "a raised bid spends what the wallet may not",
        DUTIES,
    ),
    prover(
        "vows",
        "        if known != output_hash:\n            return False\n",
        "",
        "of one entry two outputs are vouched for",
        VOWS,
    ),
    prover(
        "vows",
        "        if output_hash not in self.answers:\n            self._write(log_index, None)\n",
        "",
        "a vow is sent before it is on disk",
        VOWS,
    ),
)
