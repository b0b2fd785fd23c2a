"""The numbers of the calls."""

from enum import IntEnum
from typing import final


@final
class CallKind(IntEnum):
    """Which call it is.  Numbers are never reused."""

    APPEND = 1
    APPEND_EMPTY = 2
    DEPOSIT = 3
    FORCE_WITHDRAW = 4
    PROPOSE = 5
    COMMIT_FAULT = 6
    PROVE_FAULT = 7
    CLAIM_WITHDRAWAL = 8
    SETTLE = 9
    FORCE_CANCEL_ALL = 10
    FORCE_CLOSE = 11
    FORCE_REVOKE = 12
    FORCE_POKE = 13
    QUEUE_ORACLE = 14
    CLAIM_BOND = 15
    BOND_SEQUENCER = 17
    PROVE_EQUIVOCATION = 18
    PROVE_BROKEN = 19
    LEAVE_BOND = 20
    TAKE_BOND = 21
    OFFER_WITHDRAWAL = 22
    BUY_WITHDRAWAL = 23
    CANCEL_OFFER = 24
    JOIN_ATTESTERS = 25
    LEAVE_ATTESTERS = 26
    TAKE_STAKE = 27
    ATTEST = 28
    SLASH_ATTESTERS = 29
    FREEZE = 30
    REGISTER_PORTFOLIO = 31
    REGISTER_SHARE = 32
    REGISTER_WITHDRAWAL = 33
    REFUND_DEPOSIT = 34
    PAY_ESCAPE = 35
    OPEN_ESCAPE = 36
    SCHEDULE_RULES = 37
    CANCEL_RULES = 38
