"""What the contract announces: facts in L1's order, for whoever follows it.

A module per idea holds its events and their kinds; the registry collects them.
"""

from prover.contract.events.attesters import (
    AttesterJoined,
    AttesterLeft,
    AttestersSlashed,
    OutputAttested,
)
from prover.contract.events.claims import (
    BondReturned,
    ClaimDied,
    ClaimFinal,
    ClaimProposed,
)
from prover.contract.events.disputes import (
    FaultCommitted,
    FaultProved,
)
from prover.contract.events.escape import (
    DepositRefunded,
    EscapeOpened,
    EscapePaid,
    Frozen,
    PortfolioRegistered,
    ShareRegistered,
    WithdrawalRegistered,
)
from prover.contract.events.inbox import (
    ItemQueued,
)
from prover.contract.events.kinds import (
    EventKind,
)
from prover.contract.events.log import (
    EntryAppended,
)
from prover.contract.events.promises import (
    BondLeft,
    BondTaken,
    PromiseBroken,
    SequencerBonded,
)
from prover.contract.events.registry import (
    EVENTS,
    KINDS,
    Event,
    decode_event,
    encode_event,
)
from prover.contract.events.sales import (
    OfferCancelled,
    WithdrawalOffered,
    WithdrawalSold,
)
from prover.contract.events.versions import (
    RulesCancelled,
    RulesScheduled,
)
from prover.contract.events.withdrawals import (
    WithdrawalPaid,
)

__all__ = [
    "EVENTS",
    "KINDS",
    "AttesterJoined",
    "AttesterLeft",
    "AttestersSlashed",
    "BondLeft",
    "BondReturned",
    "BondTaken",
    "ClaimDied",
    "ClaimFinal",
    "ClaimProposed",
    "DepositRefunded",
    "EntryAppended",
    "EscapeOpened",
    "EscapePaid",
    "Event",
    "EventKind",
    "FaultCommitted",
    "FaultProved",
    "Frozen",
    "ItemQueued",
    "OfferCancelled",
    "OutputAttested",
    "PortfolioRegistered",
    "PromiseBroken",
    "RulesCancelled",
    "RulesScheduled",
    "SequencerBonded",
    "ShareRegistered",
    "WithdrawalOffered",
    "WithdrawalPaid",
    "WithdrawalRegistered",
    "WithdrawalSold",
    "decode_event",
    "encode_event",
]
