"""What a call costs on an EVM: an estimate, and for a verdict a count of its work.

What a call takes at least (``gas_of``) follows from the call alone.  On top of
it comes what is only known when it is done: a verdict, claims that are marked.
A sender must hold the fee of the most a call may take (``limit_of``); what was
not used he gets back.

==================  =======  ==============================================
part                gas      source
==================  =======  ==============================================
transaction         21,000   yellow paper, G_transaction
byte of call data   16       EIP-2028, counting every byte as non-zero
word stored         22,100   EIP-2929, a cold slot from zero
word hashed         12       the SHA-256 precompile, and 60 a message
signature           3,000    the ecrecover precompile
pairing             32,600   EIP-2537, a pair, and 37,700 a check
node of the state   700      read from the witness, kept in memory, compared
byte decoded        6        a word loaded, shifted and masked for every 5
step                25,000   a handler: dispatch, its checks, its receipt
unit of cost        1,500    a record read, checked and packed again
claim marked        30,000   two words of its record changed, one log
==================  =======  ==============================================

The last five are estimates of what a careful contract needs; the first six are
prices of the protocol.  A call has at most ``GAS_CALL_MAX``: EIP-7825 bounds a
transaction at 2^24.
"""

from collections.abc import Callable
from typing import Any, Final

from prover.contract.calls import (
    Append,
    AppendEmpty,
    Attest,
    BondSequencer,
    BuyWithdrawal,
    Call,
    CancelOffer,
    CancelRules,
    ClaimBond,
    ClaimWithdrawal,
    CommitFault,
    Deposit,
    ForceCall,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    Freeze,
    JoinAttesters,
    LeaveAttesters,
    LeaveBond,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    Propose,
    ProveBroken,
    ProveEquivocation,
    ProveFault,
    QueueOracle,
    RefundDeposit,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
    ScheduleRules,
    Settle,
    SlashAttesters,
    TakeBond,
    TakeStake,
)
from prover.contract.records.attesters import ATTESTERS_MAX
from prover.entry import CHUNK_BYTES, head_length
from prover.faults import Work
from statemachine.assets import ASSETS_MAX

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


def gas_of(call: Call) -> int:
    """Return the gas of a call, but for verdicts and claims that are marked."""
    return CALL_GAS + WORK[type(call)](call)


def limit_of(call: Call, marks_max: int) -> int:
    """Return the most gas that a call may take, if it marks at most so many claims."""
    most = gas_of(call) + (marks_max + isinstance(call, ClaimBond)) * MARK_GAS
    if isinstance(call, ClaimWithdrawal):
        most += ATTESTERS_MAX * STAKE_GAS
    if isinstance(call, ProveFault):
        most += (1 + marks_max) * MARK_GAS + CONVICT_GAS
        most += VERDICT_GAS + VERDICT_BYTE_GAS * len(call.witness)
    if isinstance(call, ProveBroken):
        most += VERDICT_BYTE_GAS * (len(call.witness) + CHUNK_BYTES)
    return max(min(most, GAS_CALL_MAX), gas_of(call))


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


def proof_gas(call: ProveFault, work: Work) -> int:
    """Return what a proof takes that convicts a claim without descendants."""
    return gas_of(call) + verdict_gas(work) + MARK_GAS + CONVICT_GAS


def fee_of(gas: int, gas_price: int) -> int:
    """Return the fee in gwei (ceil: what a sender owes)."""
    return -(-gas * gas_price // GAS_PRICE_UNIT)


def append_gas(call: Append) -> int:
    """Return what an entry's bytes, its frames, and the root over its chunks cost."""
    size = len(call.data)
    chunks = max(-(-size // CHUNK_BYTES), 1)
    root = tree_gas(chunks, CHUNK_BYTES)
    head = head_length(call.data) * DECODE_GAS
    return 24 + size * BYTE_GAS + root + head + 6 * SLOT_GAS + SEARCH_GAS


def append_empty_gas(call: AppendEmpty) -> int:
    """Return what the header of an entry costs."""
    del call
    return 6 * SLOT_GAS + SEARCH_GAS


def queue_gas(call: Deposit | ForceCall) -> int:
    """Return what an inbox item costs, whatever it says: it is stored as so many words."""
    del call
    return 64 * BYTE_GAS + 3 * hash_gas(64) + 5 * SLOT_GAS


def queue_oracle_gas(call: QueueOracle) -> int:
    """Return what an inbox item costs that needs a signature checked."""
    return (
        len(call.signature) * BYTE_GAS
        + 64 * BYTE_GAS
        + 3 * hash_gas(64)
        + 5 * SLOT_GAS
        + (RECOVER_GAS)
    )


def propose_gas(call: Propose) -> int:
    """Return what a claim and the root over its trace cost."""
    size = len(call.output) + len(call.trace)
    return size * BYTE_GAS + tree_gas(len(call.trace) // 32, 33) + 8 * SLOT_GAS


def settle_gas(call: Settle) -> int:
    """Return what asking costs; the claims that are marked come on top."""
    del call
    return WORD_GAS


def claim_bond_gas(call: ClaimBond) -> int:
    """Return what paying a bond out costs."""
    del call
    return 32 * BYTE_GAS + 3 * SLOT_GAS


def commit_fault_gas(call: CommitFault) -> int:
    """Return what a stored hash costs, with its sender and his fee."""
    del call
    return 32 * BYTE_GAS + 2 * SLOT_GAS


def prove_fault_gas(call: ProveFault) -> int:
    """Return what the witness costs as call data, and finding its commitment."""
    size = len(call.witness)
    return (200 + size) * BYTE_GAS + hash_gas(size) + hash_gas(200) + 2 * SLOT_GAS


def bond_gas(call: BondSequencer | LeaveBond | TakeBond) -> int:
    """Return what changing the sequencer's bond costs."""
    del call
    return 32 * BYTE_GAS + 3 * SLOT_GAS


def equivocation_gas(call: ProveEquivocation) -> int:
    """Return what two signatures, and splitting the bond, cost."""
    del call
    return 400 * BYTE_GAS + 2 * (RECOVER_GAS + hash_gas(64)) + 2 * hash_gas(300) + CONVICT_GAS


def broken_gas(call: ProveBroken) -> int:
    """Return what one signature, the commitment and splitting the bond cost."""
    size = len(call.cursor) + len(call.witness)
    signature = RECOVER_GAS + hash_gas(64) + hash_gas(len(call.cursor))
    return (250 + size) * BYTE_GAS + 2 * hash_gas(size + 200) + signature + CONVICT_GAS


def claim_withdrawal_gas(call: ClaimWithdrawal) -> int:
    """Return what checking a proof and paying costs."""
    size = len(call.proof)
    return size * BYTE_GAS + 2 * hash_gas(size) + 3 * SLOT_GAS


def freeze_gas(call: Freeze) -> int:
    """Return what a freeze costs: it reads a claim and an item, and stores a word."""
    return 32 * BYTE_GAS + len(call.proof) * (BYTE_GAS + VERDICT_BYTE_GAS) + 5 * SLOT_GAS


def register_gas(
    call: OpenEscape | RegisterPortfolio | RegisterShare | RegisterWithdrawal,
) -> int:
    """Return what valuing a part of the state costs, and noting it."""
    size = len(call.proof)
    return 64 * BYTE_GAS + size * (BYTE_GAS + VERDICT_BYTE_GAS) + 4 * SLOT_GAS


def refund_deposit_gas(call: RefundDeposit) -> int:
    """Return what giving back one deposit costs."""
    del call
    return 8 * BYTE_GAS + 4 * SLOT_GAS


def pay_escape_gas(call: PayEscape) -> int:
    """Return what paying an owner his part of every asset costs."""
    del call
    return 20 * BYTE_GAS + 2 * (1 + ASSETS_MAX) * SLOT_GAS


def offer_withdrawal_gas(call: OfferWithdrawal) -> int:
    """Return what checking a proof and storing an offer costs."""
    size = len(call.proof)
    return 32 * BYTE_GAS + size * BYTE_GAS + 2 * hash_gas(size) + 3 * SLOT_GAS


def buy_withdrawal_gas(call: BuyWithdrawal) -> int:
    """Return what a purchase costs: two balances and the sale."""
    del call
    return 40 * BYTE_GAS + 3 * SLOT_GAS


def cancel_offer_gas(call: CancelOffer) -> int:
    """Return what forgetting an offer costs."""
    del call
    return 32 * BYTE_GAS + SLOT_GAS


def bls_gas(signers: bytes) -> int:
    """Return what a signature of so many takes: their keys and stakes read, one check."""
    count = sum(byte.bit_count() for byte in signers)
    return PAIRING_GAS + MAP_GAS + count * KEY_GAS


def join_attesters_gas(call: JoinAttesters) -> int:
    """Return what a new key costs: its proof checked, five words stored."""
    del call
    return (48 + 96 + 8) * BYTE_GAS + bls_gas(b"\x01") + 7 * SLOT_GAS


def attester_gas(call: LeaveAttesters | TakeStake) -> int:
    """Return what a change of one attester costs."""
    del call
    return 8 * BYTE_GAS + 3 * SLOT_GAS


def attest_gas(call: Attest) -> int:
    """Return what vouching costs."""
    size = 8 + len(call.signers) + len(call.aggregate)
    words = 3 + -(-len(call.signers) // 32)
    return size * BYTE_GAS + bls_gas(call.signers) + words * SLOT_GAS


def slash_attesters_gas(call: SlashAttesters) -> int:
    """Return what slashing costs: a signature, and a word of each attester."""
    size = len(call.output) + len(call.signers) + len(call.aggregate) + 52
    count = sum(byte.bit_count() for byte in call.signers)
    return size * BYTE_GAS + bls_gas(call.signers) + (count + 6) * SLOT_GAS


def schedule_rules_gas(call: ScheduleRules) -> int:
    """Return what rules cost that are read, compared with those before, and noted by hash."""
    size = len(call.rules)
    return (16 + size) * BYTE_GAS + hash_gas(size) + 2 * size * DECODE_GAS + 4 * SLOT_GAS


def cancel_rules_gas(call: CancelRules) -> int:
    """Return what forgetting a version costs."""
    del call
    return 8 * BYTE_GAS + SLOT_GAS


WORK: Final[dict[type[Any], Callable[[Any], int]]] = {
    # Attesters
    Attest: attest_gas,
    JoinAttesters: join_attesters_gas,
    LeaveAttesters: attester_gas,
    SlashAttesters: slash_attesters_gas,
    TakeStake: attester_gas,
    # Claims
    Propose: propose_gas,
    Settle: settle_gas,
    ClaimBond: claim_bond_gas,
    # Disputes
    CommitFault: commit_fault_gas,
    ProveFault: prove_fault_gas,
    # The escape
    Freeze: freeze_gas,
    OpenEscape: register_gas,
    PayEscape: pay_escape_gas,
    RefundDeposit: refund_deposit_gas,
    RegisterPortfolio: register_gas,
    RegisterShare: register_gas,
    RegisterWithdrawal: register_gas,
    # The inbox
    Deposit: queue_gas,
    ForceWithdraw: queue_gas,
    ForceCancelAll: queue_gas,
    ForceClose: queue_gas,
    ForceRevoke: queue_gas,
    ForcePoke: queue_gas,
    QueueOracle: queue_oracle_gas,
    # What the sequencer promised
    BondSequencer: bond_gas,
    ProveEquivocation: equivocation_gas,
    ProveBroken: broken_gas,
    LeaveBond: bond_gas,
    TakeBond: bond_gas,
    # The log
    Append: append_gas,
    AppendEmpty: append_empty_gas,
    # Sales
    BuyWithdrawal: buy_withdrawal_gas,
    CancelOffer: cancel_offer_gas,
    OfferWithdrawal: offer_withdrawal_gas,
    # Versions of the rules
    CancelRules: cancel_rules_gas,
    ScheduleRules: schedule_rules_gas,
    # Withdrawals
    ClaimWithdrawal: claim_withdrawal_gas,
}
"""Of each call, what it costs beyond being a transaction."""
