"""What people ask for: one immutable message per kind of action."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, final

from statemachine.actions.collateral import BuyCollateral, TransferAsset, WithdrawAsset
from statemachine.actions.custody import RevokeAgent, Transfer, Withdraw
from statemachine.actions.funds import CreateFund, FundDeposit, FundWithdraw, Send
from statemachine.actions.referrals import ApproveBuilder, SetReferrer
from statemachine.actions.settings import SetLeverage, SetMargin, SetMarketState
from statemachine.actions.stakes import PoolRedeem, PoolSupply, VaultDeposit, VaultWithdraw
from statemachine.units import Lots, Micros, Millis, Price

MARKET_EVERY: Final = 65535
SIDE_BOTH: Final = 2
FLAG_SELL: Final = 1
FLAG_IOC: Final = 2
FLAG_POST_ONLY: Final = 4
FLAG_REDUCE_ONLY: Final = 8
FLAG_FOK: Final = 16
"""Fill all of it within one step, or do nothing."""
FLAG_SLIDE: Final = 32
"""With post-only: move a crossing price to one tick from the other side instead of refusing."""
FLAG_TOTAL: Final = 64
"""In a modify: the size counts what has been filled already."""
FLAG_PEG: Final = 128
"""Priced at an offset from the index, wherever it goes; ``price`` is the hard limit."""

SELF_TRADE_MAKER: Final = 0
SELF_TRADE_TAKER: Final = 1
SELF_TRADE_BOTH: Final = 2
SELF_TRADE_DECREMENT: Final = 3
SELF_TRADE_MODE: Final = 3
SELF_TRADE_OWN_SUB: Final = 4
"""Added to a mode: only orders of the same sub-account are one's own."""

TRIGGER_RISE: Final = 0
TRIGGER_FALL: Final = 1
TRIGGER_MARK: Final = 0
TRIGGER_INDEX: Final = 2
TRIGGER_LAST: Final = 4
FEE_ANY: Final = 1_000_000
NO_EXPIRY: Final = Millis(0)
NO_TRIGGER: Final = Price(0)
NO_OFFSET: Final = 0
NO_BUDGET: Final = Micros(0)


@final
class Kind(IntEnum):
    """Kinds of transactions.  Numbers are consensus: never reuse."""

    ORDER = 1
    CANCEL = 2
    CANCEL_ALL = 3
    MODIFY = 4
    BULK = 5
    BRACKET = 6
    TWAP = 7
    CANCEL_AT = 8
    CLOSE = 9
    SCALE = 10
    WITHDRAW = 16
    TRANSFER = 17
    APPROVE_AGENT = 18
    REVOKE_AGENT = 19
    SET_LEVERAGE = 20
    SEND = 21
    SET_REFERRER = 22
    APPROVE_BUILDER = 23
    VAULT_DEPOSIT = 24
    VAULT_WITHDRAW = 25
    CREATE_FUND = 28
    FUND_DEPOSIT = 29
    FUND_WITHDRAW = 30
    POOL_SUPPLY = 26
    POOL_REDEEM = 27
    WITHDRAW_ASSET = 31
    ORACLE = 32
    POKE = 33
    SET_MARKET_STATE = 34
    SET_MARGIN = 35
    TRANSFER_ASSET = 36
    BUY_COLLATERAL = 37


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """What an order may ask for beyond price and size.

    ``expires_at`` (ms, 0: never) ends a resting order; ``self_trade`` is a
    mode and a scope; ``max_fee_ppm`` bounds the fee rate; an order with a
    ``trigger_price`` sleeps until ``trigger`` (direction + source) fires; a
    pegged order's ``offset`` (micros per lot, signed) is added to the index;
    ``builder_ppm`` of what it takes is paid to the account ``builder`` on top.
    """

    expires_at: Millis = NO_EXPIRY
    self_trade: int = 0
    max_fee_ppm: int = FEE_ANY
    trigger: int = 0
    trigger_price: Price = NO_TRIGGER
    offset: int = NO_OFFSET
    builder: int = 0
    builder_ppm: int = 0


NO_TERMS: Final = Terms()


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
    terms: Terms = NO_TERMS


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
    """Take every order of a market, or of all markets, off the book.

    ``side`` 0 or 1 keeps the other side's; 2 takes both, and what sleeps.
    """

    sub: int
    market: int
    side: int = SIDE_BOTH


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
    """Up to 64 places, cancels, modifies, each a step; if ``atomic`` up to 8, all or none."""

    sub: int
    legs: tuple[Leg, ...]
    atomic: bool = False


@final
@dataclass(frozen=True, slots=True)
class Bracket:
    """An entry with exits (OTO, OTOCO), or two exits that end each other (OCO).

    ``entry`` is absent in an OCO.  Exits have triggers, and only ever reduce.
    They wake once the entry has ended with something filled.
    """

    sub: int
    entry: PlaceOrder | None
    exits: tuple[PlaceOrder, ...]


@final
@dataclass(frozen=True, slots=True)
class Twap:
    """Trade ``size`` lots in even slices, one each ``interval`` ms, never past ``price``."""

    sub: int
    market: int
    flags: int
    price: Price
    size: Lots
    slices: int
    interval: Millis


@final
@dataclass(frozen=True, slots=True)
class CancelAt:
    """The dead-man's switch: cancel everything of a sub-account at a time; 0 disarms."""

    sub: int
    time: Millis


@final
@dataclass(frozen=True, slots=True)
class ClosePosition:
    """Close a whole position, whatever its size by then, at ``price`` or better."""

    sub: int
    market: int
    price: Price


@final
@dataclass(frozen=True, slots=True)
class Scale:
    """2 to 32 orders evenly spread from ``first`` to ``last`` price, ``size`` lots in all."""

    sub: int
    market: int
    flags: int
    first: Price
    last: Price
    size: Lots
    orders: int


@final
@dataclass(frozen=True, slots=True)
class ApproveAgent:
    """Let another key trade: until ``expires_at``, the kinds and markets of two masks.

    ``notional_max`` and ``loss_max`` are budgets per day, 0 for none.
    """

    agent: bytes
    expires_at: Millis
    kinds: int
    markets: int
    notional_max: Micros = NO_BUDGET
    loss_max: Micros = NO_BUDGET


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
    | Bracket
    | Twap
    | CancelAt
    | ClosePosition
    | Scale
    | Withdraw
    | Transfer
    | Send
    | WithdrawAsset
    | TransferAsset
    | BuyCollateral
    | ApproveAgent
    | RevokeAgent
    | VaultDeposit
    | VaultWithdraw
    | CreateFund
    | FundDeposit
    | FundWithdraw
    | PoolSupply
    | PoolRedeem
    | SetLeverage
    | SetReferrer
    | ApproveBuilder
    | SetMarketState
    | SetMargin
    | OracleUpdate
    | Poke
)

KIND_OF: Final[dict[type, Kind]] = {
    PlaceOrder: Kind.ORDER,
    Cancel: Kind.CANCEL,
    CancelAll: Kind.CANCEL_ALL,
    Modify: Kind.MODIFY,
    Bulk: Kind.BULK,
    Bracket: Kind.BRACKET,
    Twap: Kind.TWAP,
    CancelAt: Kind.CANCEL_AT,
    ClosePosition: Kind.CLOSE,
    Scale: Kind.SCALE,
    Withdraw: Kind.WITHDRAW,
    Transfer: Kind.TRANSFER,
    Send: Kind.SEND,
    WithdrawAsset: Kind.WITHDRAW_ASSET,
    TransferAsset: Kind.TRANSFER_ASSET,
    BuyCollateral: Kind.BUY_COLLATERAL,
    ApproveAgent: Kind.APPROVE_AGENT,
    RevokeAgent: Kind.REVOKE_AGENT,
    VaultDeposit: Kind.VAULT_DEPOSIT,
    VaultWithdraw: Kind.VAULT_WITHDRAW,
    CreateFund: Kind.CREATE_FUND,
    FundDeposit: Kind.FUND_DEPOSIT,
    FundWithdraw: Kind.FUND_WITHDRAW,
    PoolSupply: Kind.POOL_SUPPLY,
    PoolRedeem: Kind.POOL_REDEEM,
    SetLeverage: Kind.SET_LEVERAGE,
    SetReferrer: Kind.SET_REFERRER,
    ApproveBuilder: Kind.APPROVE_BUILDER,
    SetMarketState: Kind.SET_MARKET_STATE,
    SetMargin: Kind.SET_MARGIN,
    OracleUpdate: Kind.ORACLE,
    Poke: Kind.POKE,
}
