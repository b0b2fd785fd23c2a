"""The numbers of the events."""

from enum import IntEnum
from typing import final


@final
class EventKind(IntEnum):
    """Which event it is.  Numbers are never reused."""

    ENTRY_APPENDED = 1
    ITEM_QUEUED = 2
    CLAIM_PROPOSED = 3
    FAULT_COMMITTED = 4
    FAULT_PROVED = 5
    CLAIM_DIED = 6
    CLAIM_FINAL = 7
    BOND_RETURNED = 8
    WITHDRAWAL_PAID = 9
    BOND_TAKEN = 10
    SEQUENCER_BONDED = 12
    PROMISE_BROKEN = 13
    BOND_LEFT = 14
    WITHDRAWAL_OFFERED = 15
    WITHDRAWAL_SOLD = 16
    ATTESTER_JOINED = 17
    ATTESTER_LEFT = 18
    OUTPUT_ATTESTED = 19
    ATTESTERS_SLASHED = 20
    FROZEN = 21
    PORTFOLIO_REGISTERED = 22
    SHARE_REGISTERED = 23
    DEPOSIT_REFUNDED = 24
    ESCAPE_PAID = 25
    ESCAPE_OPENED = 27
    WITHDRAWAL_REGISTERED = 28
    OFFER_CANCELLED = 29
