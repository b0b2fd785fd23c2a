"""What people ask for: one immutable message per kind of action."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, final

from statemachine.units import Lots, Micros, Millis, Price

MARKET_EVERY: Final = 65535
FLAG_SELL: Final = 1
FLAG_IOC: Final = 2
FLAG_POST_ONLY: Final = 4
FLAG_REDUCE_ONLY: Final = 8


@final
class Kind(IntEnum):
    """Kinds of transactions.  Numbers are consensus: never reuse."""

    ORDER = 1
    CANCEL = 2
    CANCEL_ALL = 3
    MODIFY = 4
    BULK = 5
    WITHDRAW = 16
    TRANSFER = 17
    APPROVE_AGENT = 18
    REVOKE_AGENT = 19
    ORACLE = 32
    POKE = 33


@final
@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Rest on the book, take from it, or both; a market order is an IOC with a bound."""

    sub: int
    market: int
    flags: int
    price: Price
    size: Lots
    client_id: bytes = b""


@final
@dataclass(frozen=True, slots=True)
class Cancel:
    """Take one order off the book, by order id (``int``) or client id (``bytes``)."""

    sub: int
    market: int
    ref: int | bytes


@final
@dataclass(frozen=True, slots=True)
class CancelAll:
    """Take every order of a market, or of all markets, off the book."""

    sub: int
    market: int


@final
@dataclass(frozen=True, slots=True)
class Modify:
    """Give an order a new price and a new remaining size; shrinking keeps priority."""

    sub: int
    market: int
    flags: int
    ref: int | bytes
    price: Price
    size: Lots


Leg = PlaceOrder | Cancel | Modify


@final
@dataclass(frozen=True, slots=True)
class Bulk:
    """Up to 64 places, cancels and modifies under one signature, each its own step."""

    sub: int
    legs: tuple[Leg, ...]


@final
@dataclass(frozen=True, slots=True)
class Withdraw:
    """Move settled collateral out to the owner's address on L1."""

    sub: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class Transfer:
    """Move settled collateral between two sub-accounts of one owner."""

    source: int
    target: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class ApproveAgent:
    """Let another key trade: until ``expires_at``, the kinds and markets of two masks."""

    agent: bytes
    expires_at: Millis
    kinds: int
    markets: int


@final
@dataclass(frozen=True, slots=True)
class RevokeAgent:
    """End a session key for good: its address can never be approved again."""

    agent: bytes


@final
@dataclass(frozen=True, slots=True)
class OracleMessage:
    """One publisher's own signed price: micro-USDC per lot at an L1 time in ms."""

    publisher: int
    price: Price
    time: Millis
    signature: bytes


@final
@dataclass(frozen=True, slots=True)
class OracleUpdate:
    """Publishers' messages for one market; included by the sequencer, free of charge."""

    market: int
    messages: tuple[OracleMessage, ...]


@final
@dataclass(frozen=True, slots=True)
class Poke:
    """Ask the exchange to look at a portfolio: anyone may."""

    account: int
    sub: int


Action = (
    PlaceOrder
    | Cancel
    | CancelAll
    | Modify
    | Bulk
    | Withdraw
    | Transfer
    | ApproveAgent
    | RevokeAgent
    | OracleUpdate
    | Poke
)

KIND_OF: Final[dict[type, Kind]] = {
    PlaceOrder: Kind.ORDER,
    Cancel: Kind.CANCEL,
    CancelAll: Kind.CANCEL_ALL,
    Modify: Kind.MODIFY,
    Bulk: Kind.BULK,
    Withdraw: Kind.WITHDRAW,
    Transfer: Kind.TRANSFER,
    ApproveAgent: Kind.APPROVE_AGENT,
    RevokeAgent: Kind.REVOKE_AGENT,
    OracleUpdate: Kind.ORACLE,
    Poke: Kind.POKE,
}
