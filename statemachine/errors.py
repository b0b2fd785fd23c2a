"""Everything that can go wrong, sorted by who is at fault.

* a ``Code`` in the receipt: the *user* asked for something not allowed; it
  is a value, not an exception, because it is an ordinary outcome
* SextantError
  - FrameInvalid        the *sequencer* wrote something that cannot be a block
  - WitnessIncomplete   the *accuser* did not supply a value replay needs
  - StorageCorrupt      the *disk* lied; the node must stop

``InvariantBroken`` is deliberately outside the tree: it means *we* are
wrong, and no ``except SextantError`` may swallow it.
"""

from enum import IntEnum
from typing import Final, final


@final
class Code(IntEnum):
    """What became of a transaction.  Numbers are consensus: never reuse.

    Declared in the order in which the checks run, so that the first failing
    check, and with it the receipt, is the same on every machine.
    """

    OK = 0
    # Who signed, and when (10..29)
    SIGNATURE = 10
    SIGNER_UNKNOWN = 11
    SIGNER_REVOKED = 12
    NONCE_TIME = 13
    NONCE_LOW = 14
    NONCE_USED = 15
    EXPIRED = 16
    AGENT_EXPIRED = 17
    AGENT_ACTION = 18
    AGENT_MARKET = 19
    SIGNER_LIMIT = 20
    AGENT_NOTIONAL = 21
    AGENT_LOSS = 22
    GUARDIAN = 23
    # What was asked, by shape (30..49)
    MARKET_UNKNOWN = 30
    CLIENT_ID_EXISTS = 31
    MARKET_STATE = 32
    ORDER_UNKNOWN = 33
    FIELD = 34
    SIZE_RANGE = 35
    PRICE_RANGE = 36
    TICK = 37
    NOTIONAL_MIN = 38
    ORDER_EXPIRED = 39
    DUE = 40
    ORACLE_STALE = 41
    BAND = 42
    LIQUIDATING = 43
    FEE_MAX = 44
    TIME_PAST = 45
    BUILDER = 46
    ASSET_UNKNOWN = 48
    RAMP = 49
    # What the book and the portfolio allow (50..69)
    REDUCE_ONLY = 50
    POST_ONLY_CROSSES = 51
    ORDERS_MAX = 52
    MARKETS_MAX = 53
    MARGIN = 54
    IOC_UNFILLED = 55
    FILL_LIMIT = 56
    FOK_UNFILLED = 57
    SELF_TRADE = 58
    TRIGGER = 59
    ISOLATED = 60
    OPEN_INTEREST = 61
    LEVERAGE = 62
    ATOMIC = 63
    # Money (70..89)
    AMOUNT = 70
    BALANCE = 71
    ACCOUNT_SELF = 72
    AGENT_USED = 73
    AGENT_UNKNOWN = 74
    OVERFLOW = 75
    VELOCITY = 76
    VAULT_SHORT = 77
    SHARES = 78
    LOCKED = 82
    LEADER_SHARE = 83
    FUND = 84
    POOL_SHORT = 80
    ASSETS_MAX = 81
    RECIPIENT = 85
    REFERRER = 86
    # Oracle and liquidation (90..99)
    PUBLISHER = 90
    MESSAGE_TIME = 91
    MESSAGE_OLD = 92
    HEALTHY = 93
    NOTHING_TO_DO = 94
    GRACE = 95


RETRYABLE: Final = frozenset(
    {
        Code.NONCE_TIME,
        Code.SIGNER_LIMIT,
        Code.MARKET_STATE,
        Code.DUE,
        Code.ORACLE_STALE,
        Code.BAND,
        Code.RAMP,
        Code.LIQUIDATING,
        Code.FEE_MAX,
        Code.POST_ONLY_CROSSES,
        Code.ORDERS_MAX,
        Code.MARGIN,
        Code.OPEN_INTEREST,
        Code.AGENT_NOTIONAL,
        Code.AGENT_LOSS,
        Code.IOC_UNFILLED,
        Code.BALANCE,
        Code.VELOCITY,
        Code.VAULT_SHORT,
        Code.LOCKED,
        Code.LEADER_SHARE,
        Code.POOL_SHORT,
        Code.HEALTHY,
        Code.GRACE,
    }
)
"""Codes after which the same request, signed anew, may succeed later."""


class SextantError(Exception):
    """Base of every error a caller is expected to handle."""


class FrameInvalid(SextantError):
    """Bytes that cannot be a message or a block; derivation makes an empty one."""


class WitnessIncomplete(SextantError):
    """Replay asked for something that the witness does not prove."""


class StorageCorrupt(SextantError):
    """A stored record did not decode or did not match its hash."""


class InvariantBroken(Exception):
    """The code is wrong.  Stop; do not commit."""


def invariant(condition: bool, message: str) -> None:
    """Check a property that must hold even under ``python -O``."""
    if not condition:
        raise InvariantBroken(message)
