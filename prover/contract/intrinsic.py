"""What each call takes at least: known from the call alone, its bytes and what it stores.

What Ethereum calls intrinsic gas, and the words that a call is sure to write.
"""

from collections.abc import Callable
from typing import Any, Final

from prover.contract.calls import (
    Append,
    AppendEmpty,
    Attest,
    BondSequencer,
    BuyWithdrawal,
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
from prover.contract.prices import (
    BYTE_GAS,
    CONVICT_GAS,
    DECODE_GAS,
    RECOVER_GAS,
    SEARCH_GAS,
    SLOT_GAS,
    WORD_GAS,
    hash_gas,
    tree_gas,
)
from prover.entry import CHUNK_BYTES, head_length


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
    """Return what a proof costs as call data, and paying."""
    return len(call.proof) * BYTE_GAS + 3 * SLOT_GAS


def freeze_gas(call: Freeze) -> int:
    """Return what a freeze costs: it reads a claim and an item, and stores a word."""
    return 32 * BYTE_GAS + len(call.proof) * BYTE_GAS + 5 * SLOT_GAS


def register_gas(
    call: OpenEscape | RegisterPortfolio | RegisterShare | RegisterWithdrawal,
) -> int:
    """Return what a proof costs as call data, and noting what it is worth."""
    size = len(call.proof)
    return 64 * BYTE_GAS + size * BYTE_GAS + 4 * SLOT_GAS


def refund_deposit_gas(call: RefundDeposit) -> int:
    """Return what giving back one deposit costs."""
    del call
    return 8 * BYTE_GAS + 4 * SLOT_GAS


def pay_escape_gas(call: PayEscape) -> int:
    """Return what noting a payment costs; the payments themselves come on top."""
    del call
    return 20 * BYTE_GAS + 2 * SLOT_GAS


def offer_withdrawal_gas(call: OfferWithdrawal) -> int:
    """Return what a proof costs as call data, and storing an offer."""
    return (32 + len(call.proof)) * BYTE_GAS + 3 * SLOT_GAS


def buy_withdrawal_gas(call: BuyWithdrawal) -> int:
    """Return what a purchase costs: two balances and the sale."""
    del call
    return 40 * BYTE_GAS + 3 * SLOT_GAS


def cancel_offer_gas(call: CancelOffer) -> int:
    """Return what forgetting an offer costs."""
    del call
    return 32 * BYTE_GAS + SLOT_GAS


def join_attesters_gas(call: JoinAttesters) -> int:
    """Return what a new key costs: three words, and four more of its attester's."""
    del call
    return (2 * 48 + 96 + 8) * BYTE_GAS + 7 * SLOT_GAS


def attester_gas(call: LeaveAttesters | TakeStake) -> int:
    """Return what a change of one attester costs."""
    del call
    return 8 * BYTE_GAS + 3 * SLOT_GAS


def attest_gas(call: Attest) -> int:
    """Return what vouching costs."""
    size = 8 + len(call.signers) + len(call.aggregate)
    words = 3 + -(-len(call.signers) // 32)
    return size * BYTE_GAS + words * SLOT_GAS


def slash_attesters_gas(call: SlashAttesters) -> int:
    """Return what slashing costs, but for a word of each attester."""
    size = len(call.output) + len(call.signers) + len(call.aggregate) + 52
    return size * BYTE_GAS + 6 * SLOT_GAS


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
