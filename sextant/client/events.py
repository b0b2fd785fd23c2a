"""What a feed tells about one account, as models."""

from dataclasses import dataclass
from decimal import Decimal

from proto.sextant.v1 import funds_pb2, stream_pb2
from sextant.client.amounts import from_micros, to_decimal
from sextant.client.market import Market
from sextant.client.models import Order, Side
from sextant.client.wire import Markets, order_of, side_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """An order rested, changed, or left the book."""

    sub: int
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class FillEvent:
    """One of the account's orders traded."""

    sub: int
    market: Market
    order_id: int
    side: Side
    price: Decimal
    size: Decimal
    fee: Decimal
    remaining: Decimal
    maker: bool
    liquidation: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyEvent:
    """Money came, went, or was paid: a deposit, withdrawal, transfer, funding or fee."""

    sub: int
    kind: str
    amount: Decimal
    reference: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationEvent:
    """A step of the liquidation ladder; margin figures are from before it.

    ``closed`` is what was sold; negative: bought back.
    """

    sub: int
    stage: str
    market: Market | None
    closed: Decimal
    equity: Decimal
    maintenance_margin: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleverageEvent:
    """A position of the account was cut to close somebody's bankrupt one.

    ``closed`` is what was sold, negative: bought back; never at a price worse
    than its entry.
    """

    sub: int
    market: Market
    closed: Decimal
    price: Decimal
    mark: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesEvent:
    """Shares of a market's vault were bought, put on notice, paid, delayed or lost."""

    sub: int
    market: Market
    stage: str
    shares: int
    amount: Decimal
    due_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundEvent:
    """A fund opened, or its shares were bought, asked for, paid or lost, or it is exiting.

    ``fund`` is its name, such as ``3/64``; ``holder`` the account whose shares it
    is about, if about anybody's; ``time_ms`` until when they are locked, or when an
    exit is tried again.
    """

    sub: int
    fund: str
    holder: int | None
    stage: str
    shares: int
    amount: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolEvent:
    """The lending pool was supplied or redeemed, or lost a loan of the sub-account.

    ``shares`` and ``amount`` are what came, negative for what went; ``stage`` is
    ``supplied``, ``redeemed``, ``lost`` or ``voided``.
    """

    sub: int
    stage: str
    shares: int
    amount: Decimal
    supplied: Decimal
    lent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementEvent:
    """A position was closed at its market's settlement price, without a fee.

    ``closed`` is what was held, negative for a short; ``amount`` went into the
    balance with it, funding included.
    """

    sub: int
    market: Market
    closed: Decimal
    price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEvent:
    """Another asset than USDC came or went: in, out, between sub-accounts, or in a sale."""

    sub: int
    kind: str
    asset: str
    amount: Decimal
    reference: int


AccountEvent = (
    FundEvent
    | OrderEvent
    | FillEvent
    | MoneyEvent
    | LiquidationEvent
    | DeleverageEvent
    | SharesEvent
    | PoolEvent
    | SettlementEvent
    | AssetEvent
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdate:
    """All that one block did to the account."""

    height: int
    time_ms: int
    sequence: int
    events: tuple[AccountEvent, ...]


def update_of(markets: Markets, message: stream_pb2.AccountUpdate) -> AccountUpdate:
    """Return an update."""
    events = (event_of(markets, event) for event in message.events)
    return AccountUpdate(
        height=message.height,
        time_ms=message.time_ms,
        sequence=message.sequence,
        events=tuple(event for event in events if event is not None),
    )


def event_of(markets: Markets, message: stream_pb2.AccountEvent) -> AccountEvent | None:
    """Return one event; nothing for a kind that this version does not know."""
    sub = message.portfolio.sub
    match message.WhichOneof("event"):
        case "order":
            return OrderEvent(sub=sub, order=order_of(markets, message.order.order))
        case "fill":
            return fill_of(markets, sub, message.fill)
        case "money":
            kind = stream_pb2.MoneyKind.Name(message.money.kind)
            return MoneyEvent(
                sub=sub,
                kind=kind.removeprefix("MONEY_KIND_").lower(),
                amount=from_micros(message.money.amount_micros),
                reference=message.money.reference,
            )
        case "asset":
            kind = stream_pb2.MoneyKind.Name(message.asset.kind)
            return AssetEvent(
                sub=sub,
                kind=kind.removeprefix("MONEY_KIND_").lower(),
                asset=message.asset.symbol,
                amount=to_decimal(message.asset.units, message.asset.decimals),
                reference=message.asset.reference,
            )
        case "liquidation":
            return liquidation_of(markets, sub, message.liquidation)
        case "settlement":
            settled = markets.of(message.settlement.market)
            return SettlementEvent(
                sub=sub,
                market=settled,
                closed=settled.show_size(message.settlement.closed_lots),
                price=settled.show_price(message.settlement.price),
                amount=from_micros(message.settlement.amount_micros),
            )
        case "deleverage":
            market = markets.of(message.deleverage.market)
            return DeleverageEvent(
                sub=sub,
                market=market,
                closed=market.show_size(message.deleverage.closed_lots),
                price=market.show_price(message.deleverage.price),
                mark=market.show_price(message.deleverage.mark),
            )
        case "fund":
            return fund_event_of(sub, message.fund)
        case "pool":
            stage = stream_pb2.PoolStage.Name(message.pool.stage)
            return PoolEvent(
                sub=sub,
                stage=stage.removeprefix("POOL_STAGE_").lower(),
                shares=message.pool.shares,
                amount=from_micros(message.pool.amount_micros),
                supplied=from_micros(message.pool.supplied_micros),
                lent=from_micros(message.pool.lent_micros),
            )
        case "shares":
            stage = stream_pb2.SharesStage.Name(message.shares.stage)
            return SharesEvent(
                sub=sub,
                market=markets.of(message.shares.market),
                stage=stage.removeprefix("SHARES_STAGE_").lower(),
                shares=message.shares.shares,
                amount=from_micros(message.shares.amount_micros),
                due_ms=message.shares.due_ms,
            )
    return None


def fund_event_of(sub: int, message: funds_pb2.FundEvent) -> FundEvent:
    """Return what became of a fund, or of shares of one."""
    holder = message.holder.account if message.HasField("holder") else None
    return FundEvent(
        sub=sub,
        fund=f"{message.fund.account}/{message.fund.sub}",
        holder=holder,
        stage=funds_pb2.FundStage.Name(message.stage).removeprefix("FUND_STAGE_").lower(),
        shares=message.shares,
        amount=from_micros(message.amount_micros),
        time_ms=message.time_ms,
    )


def liquidation_of(
    markets: Markets, sub: int, message: stream_pb2.LiquidationEvent
) -> LiquidationEvent:
    """Return a step of the liquidation ladder."""
    stage = stream_pb2.LiquidationStage.Name(message.stage)
    closed = message.closed_lots
    market = markets.of(message.market) if closed else None
    return LiquidationEvent(
        sub=sub,
        stage=stage.removeprefix("LIQUIDATION_STAGE_").lower(),
        market=market,
        closed=market.show_size(closed) if market is not None else Decimal(0),
        equity=from_micros(message.equity_micros),
        maintenance_margin=from_micros(message.maintenance_micros),
    )


def fill_of(markets: Markets, sub: int, fill: stream_pb2.FillEvent) -> FillEvent:
    """Return a fill."""
    market = markets.of(fill.market)
    return FillEvent(
        sub=sub,
        market=market,
        order_id=fill.order_id,
        side=side_of(fill.side),
        price=market.show_price(fill.price),
        size=market.show_size(fill.lots),
        fee=from_micros(fill.fee_micros),
        remaining=market.show_size(fill.remaining_lots),
        maker=fill.maker,
        liquidation=fill.liquidation,
    )
