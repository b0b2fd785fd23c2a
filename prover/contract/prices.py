"""What each piece of a call's work costs on an EVM, in gas.

==================  =======  ==============================================
part                gas      source
==================  =======  ==============================================
transaction         21,000   yellow paper, G_transaction
byte of call data   16       EIP-2028, counting every byte as non-zero
word stored         22,100   EIP-2929, a cold slot from zero
word hashed         12       the SHA-256 precompile, and 60 a message
signature           3,000    the ecrecover precompile
pairing             32,600   EIP-2537, a pair, and 37,700 a check
map to G2           23,800   EIP-2537; a message takes two, and their sum, 600
sum in G1           375      EIP-2537; a key takes one, and 3 cold words, 2,100 each
reduction           500      EIP-7883, the least; a message takes four, and nine hashes
stake read          2,300    a cold word, and what is done with it
node of the state   700      read from the witness, kept in memory, compared
byte decoded        6        a word loaded, shifted and masked for every 5
step                25,000   a handler: dispatch, its checks, its receipt
unit of cost        1,500    a record read, checked and packed again
claim marked        30,000   two words of its record changed, one log
==================  =======  ==============================================

Nodes, bytes, steps, units, and claims are estimates of what a careful contract needs;
the others are prices of the protocol.  Points come compressed, and their other
coordinate beside them, so that a contract need take no roots.
"""

from typing import Final

from prover.faults import Work

CALL_GAS: Final = 21_000
BYTE_GAS: Final = 16
SLOT_GAS: Final = 22_100
HASH_GAS: Final = 60
WORD_GAS: Final = 12
RECOVER_GAS: Final = 3_000
PAIRING_GAS: Final = 37_700 + 2 * 32_600
"""One check of two pairs."""
MAP_GAS: Final = 2 * 23_800 + 600
"""A message hashed to G2: two maps and their sum."""
FIELD_GAS: Final = 4 * 500 + 9 * (60 + 5 * 12)
"""A message made into four numbers of the field: EIP-7883's least, nine times SHA-256."""
POINT_GAS: Final = 96 * BYTE_GAS
"""The coordinate that a signature leaves out, as call data."""
KEY_GAS: Final = 375 + 2_100 + 2 * 2_100
"""A key read, three words, and added to a sum."""
NODE_GAS: Final = 700
DECODE_GAS: Final = 6
STEP_GAS: Final = 25_000
COST_GAS: Final = 1_500
MARK_GAS: Final = 30_000
STAKE_GAS: Final = 2_300
"""A stake read, one word, and added to a sum."""
SETTLE_MAX: Final = 16
"""Claims that one call decides, at most, whatever the deployment says."""
GAS_CALL_MAX: Final = 16_000_000
VERDICT_GAS: Final = 2_500_000
"""The most that a segment's execution takes, whatever its witness."""
POT_GAS: Final = 2 * SLOT_GAS + 2_100
"""A part of a pot paid: the pot read, two balances."""
VALUE_GAS: Final = 2_500_000
"""The most that it takes to read and value what a proof shows of somebody's money."""
VERDICT_BYTE_GAS: Final = 400
"""The most that a byte of witness takes: the smallest leaf has five."""
SEARCH_GAS: Final = 20 * 2_100
"""The first item that is not overdue, among as many as an entry's blocks have room for."""
CONVICT_GAS: Final = 4 * SLOT_GAS
"""Splitting a bond."""
DISPUTE_GAS_MAX: Final = GAS_CALL_MAX + CALL_GAS + 3 * SLOT_GAS + SETTLE_MAX * MARK_GAS
"""What a proof and its commitment take together at most."""
GAS_PRICE_UNIT: Final = 1_000_000
"""Gas prices are in gwei per so much gas, so that a price below 1 gwei is an integer."""


def hash_gas(size: int) -> int:
    """Return what hashing ``size`` bytes costs."""
    return HASH_GAS + WORD_GAS * (-(-size // 32))


def tree_gas(leaves: int, leaf_bytes: int) -> int:
    """Return what a Merkle root over so many leaves costs."""
    return leaves * hash_gas(leaf_bytes) + max(leaves - 1, 0) * hash_gas(65)


def verdict_gas(work: Work) -> int:
    """Return what a verdict took."""
    return (
        work.nodes * NODE_GAS
        + work.hashes * HASH_GAS
        + work.words * WORD_GAS
        + work.decoded * DECODE_GAS
        + work.recoveries * RECOVER_GAS
        + work.steps * STEP_GAS
        + work.cost * COST_GAS
    )


def fee_of(gas: int, gas_price: int) -> int:
    """Return the fee in gwei (ceil: what a sender owes)."""
    return -(-gas * gas_price // GAS_PRICE_UNIT)


def signature_gas(keys: int) -> int:
    """Return what checking one signature of so many keys takes."""
    return POINT_GAS + PAIRING_GAS + FIELD_GAS + MAP_GAS + keys * KEY_GAS
