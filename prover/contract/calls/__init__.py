"""What may be asked of the contract, and the envelope that says who asks.

A module per idea holds its calls and their kinds; the registry collects them.
"""

from prover.contract.calls.attesters import (
    Attest,
    JoinAttesters,
    LeaveAttesters,
    SlashAttesters,
    TakeStake,
)
from prover.contract.calls.claims import (
    ClaimBond,
    Propose,
    Settle,
    propose_output,
    proposed_output,
)
from prover.contract.calls.disputes import (
    CommitFault,
    ProveFault,
)
from prover.contract.calls.envelope import (
    ENVELOPE_VERSION,
    Envelope,
    call_digest,
    call_hash,
    decode_envelope,
    read_bid,
    recover_sender,
    sign_call,
)
from prover.contract.calls.escape import (
    Freeze,
    OpenEscape,
    PayEscape,
    RefundDeposit,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
)
from prover.contract.calls.inbox import (
    Deposit,
    ForceCall,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    QueueOracle,
)
from prover.contract.calls.kinds import (
    CallKind,
)
from prover.contract.calls.log import (
    Append,
    AppendEmpty,
)
from prover.contract.calls.promises import (
    BondSequencer,
    LeaveBond,
    ProveBroken,
    ProveEquivocation,
    TakeBond,
)
from prover.contract.calls.registry import (
    CALLS,
    KINDS,
    Call,
    build_call,
    decode_call,
    encode_call,
)
from prover.contract.calls.sales import (
    BuyWithdrawal,
    CancelOffer,
    OfferWithdrawal,
)
from prover.contract.calls.versions import (
    CancelRules,
    ScheduleRules,
)
from prover.contract.calls.withdrawals import (
    ClaimWithdrawal,
)

__all__ = [
    "CALLS",
    "ENVELOPE_VERSION",
    "KINDS",
    "Append",
    "AppendEmpty",
    "Attest",
    "BondSequencer",
    "BuyWithdrawal",
    "Call",
    "CallKind",
    "CancelOffer",
    "CancelRules",
    "ClaimBond",
    "ClaimWithdrawal",
    "CommitFault",
    "Deposit",
    "Envelope",
    "ForceCall",
    "ForceCancelAll",
    "ForceClose",
    "ForcePoke",
    "ForceRevoke",
    "ForceWithdraw",
    "Freeze",
    "JoinAttesters",
    "LeaveAttesters",
    "LeaveBond",
    "OfferWithdrawal",
    "OpenEscape",
    "PayEscape",
    "Propose",
    "ProveBroken",
    "ProveEquivocation",
    "ProveFault",
    "QueueOracle",
    "RefundDeposit",
    "RegisterPortfolio",
    "RegisterShare",
    "RegisterWithdrawal",
    "ScheduleRules",
    "Settle",
    "SlashAttesters",
    "TakeBond",
    "TakeStake",
    "build_call",
    "call_digest",
    "call_hash",
    "decode_call",
    "decode_envelope",
    "encode_call",
    "propose_output",
    "proposed_output",
    "read_bid",
    "recover_sender",
    "sign_call",
]
