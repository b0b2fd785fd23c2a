"""What a call would cost on an EVM: an estimate, made from the call alone.

It is the same for a call that is refused, so that it can be known, and paid
for, before the call is executed.

==================  =======  ==============================================
part                gas      source
==================  =======  ==============================================
transaction         21,000   yellow paper, G_transaction
byte of call data   16       EIP-2028, counting every byte as non-zero
word stored         22,100   EIP-2929, a cold slot from zero
word hashed         12 + 60  the SHA-256 precompile
log                 375      G_log, plus 8 a byte
==================  =======  ==============================================
"""

from typing import Final

from prover.contract.calls import (
    Append,
    AppendEmpty,
    Call,
    ClaimWithdrawal,
    CommitFault,
    Deposit,
    ForceWithdraw,
    Propose,
    ProveFault,
    Settle,
)
from prover.entry import CHUNK_BYTES

CALL_GAS: Final = 21_000
BYTE_GAS: Final = 16
SLOT_GAS: Final = 22_100
HASH_GAS: Final = 60
WORD_GAS: Final = 12
VERDICT_BYTE_GAS: Final = 400
"""Per byte of witness: its hashing, decoding and the execution over it."""
GAS_PRICE_UNIT: Final = 1_000_000
"""Gas prices are in gwei per so much gas, so that a price below 1 gwei is an integer."""


def hash_gas(size: int) -> int:
    """Return what hashing ``size`` bytes costs."""
    return HASH_GAS + WORD_GAS * (-(-size // 32))


def tree_gas(leaves: int, leaf_bytes: int) -> int:
    """Return what a Merkle root over so many leaves costs."""
    return leaves * hash_gas(leaf_bytes) + max(leaves - 1, 0) * hash_gas(65)


def gas_of(call: Call) -> int:
    """Return the gas of a call."""
    match call:
        case Append(data=data):
            chunks = max(-(-len(data) // CHUNK_BYTES), 1)
            work = 16 + len(data) * BYTE_GAS + tree_gas(chunks, CHUNK_BYTES) + 6 * SLOT_GAS
        case AppendEmpty():
            work = 6 * SLOT_GAS
        case Deposit() | ForceWithdraw():
            # A token's number is part of the words that are stored anyway.
            work = 64 * BYTE_GAS + 3 * hash_gas(64) + 5 * SLOT_GAS
        case Propose(output=output, trace=trace):
            data_bytes = len(output) + len(trace)
            work = data_bytes * BYTE_GAS + tree_gas(len(trace) // 32, 33) + 8 * SLOT_GAS
        case CommitFault():
            work = 32 * BYTE_GAS + SLOT_GAS
        case ProveFault(witness=witness):
            work = 200 * BYTE_GAS + len(witness) * (BYTE_GAS + VERDICT_BYTE_GAS) + 6 * SLOT_GAS
        case ClaimWithdrawal(proof=proof):
            work = len(proof) * BYTE_GAS + 2 * hash_gas(len(proof)) + 3 * SLOT_GAS
        case Settle():
            work = 2 * SLOT_GAS
    return CALL_GAS + work


def fee_of(gas: int, gas_price: int) -> int:
    """Return the fee in gwei (ceil: what a sender owes)."""
    return -(-gas * gas_price // GAS_PRICE_UNIT)
