"""What happened to one account, as messages: the events of blocks, seen from their owners.

An event names one or two portfolios; each account that reads its own feed gets
the messages of its portfolios, in the order of the events.
"""

from collections.abc import Iterator
from typing import Final

from node.service.answers import saturate
from node.service.fund_events import fund_events_of
from proto.sextant.v1 import common_pb2, query_pb2, stream_pb2
from statemachine.actions import FLAG_SELL
from statemachine.errors import Code
from statemachine.events import (
    BALANCE_BACKSTOP,
    BALANCE_BUILDER,
    BALANCE_COLLATERAL_BOUGHT,
    BALANCE_COLLATERAL_SOLD,
    BALANCE_DEFICIT,
    BALANCE_DEPOSIT,
    BALANCE_FUNDING,
    BALANCE_HAIRCUT,
    BALANCE_INSURANCE,
    BALANCE_INTEREST,
    BALANCE_LIQUIDATION_FEE,
    BALANCE_POKE_REWARD,
    BALANCE_POOL,
    BALANCE_REDEEM,
    BALANCE_REFERRAL,
    BALANCE_SEND,
    BALANCE_SUPPLY,
    BALANCE_TRANSFER,
    BALANCE_VAULT_DEPOSIT,
    BALANCE_VAULT_EXIT,
    BALANCE_WITHDRAWAL,
    REMOVED_LIMIT,
    REMOVED_SETTLED,
    REMOVED_TRIGGERED,
    STAGE_COLLATERAL,
    STAGE_POOL,
    AssetChanged,
    BalanceChanged,
    Deleveraged,
    Event,
    Fill,
    Liquidated,
    OrderAsleep,
    OrderAwake,
    OrderPegged,
    OrderRemoved,
    OrderRested,
    PositionSettled,
    TwapChanged,
)
from statemachine.fund_events import (
    BALANCE_FUND_DEPOSIT,
    BALANCE_FUND_EXIT,
    BALANCE_FUND_PROFIT,
    REMOVED_EXITING,
    FundChanged,
)
from statemachine.stakes import PoolChanged, SharesChanged

Pair = tuple[int, stream_pb2.AccountEvent]
"""A portfolio (``account << 8 | sub``) and what happened to it."""

MONEY_KINDS: Final = {
    BALANCE_DEPOSIT: stream_pb2.MONEY_KIND_DEPOSIT,
    BALANCE_WITHDRAWAL: stream_pb2.MONEY_KIND_WITHDRAWAL,
    BALANCE_TRANSFER: stream_pb2.MONEY_KIND_TRANSFER,
    BALANCE_REFERRAL: stream_pb2.MONEY_KIND_REFERRAL,
    BALANCE_BUILDER: stream_pb2.MONEY_KIND_BUILDER,
    BALANCE_SEND: stream_pb2.MONEY_KIND_SEND,
    BALANCE_FUND_DEPOSIT: stream_pb2.MONEY_KIND_FUND,
    BALANCE_FUND_EXIT: stream_pb2.MONEY_KIND_FUND,
    BALANCE_FUND_PROFIT: stream_pb2.MONEY_KIND_FUND,
    BALANCE_FUNDING: stream_pb2.MONEY_KIND_FUNDING,
    BALANCE_POKE_REWARD: stream_pb2.MONEY_KIND_FEE,
    BALANCE_LIQUIDATION_FEE: stream_pb2.MONEY_KIND_FEE,
    BALANCE_INSURANCE: stream_pb2.MONEY_KIND_INSURANCE,
    BALANCE_DEFICIT: stream_pb2.MONEY_KIND_DEFICIT,
    BALANCE_HAIRCUT: stream_pb2.MONEY_KIND_HAIRCUT,
    BALANCE_BACKSTOP: stream_pb2.MONEY_KIND_BACKSTOP,
    BALANCE_VAULT_DEPOSIT: stream_pb2.MONEY_KIND_VAULT,
    BALANCE_VAULT_EXIT: stream_pb2.MONEY_KIND_VAULT,
    BALANCE_COLLATERAL_SOLD: stream_pb2.MONEY_KIND_COLLATERAL,
    BALANCE_COLLATERAL_BOUGHT: stream_pb2.MONEY_KIND_COLLATERAL,
    BALANCE_INTEREST: stream_pb2.MONEY_KIND_INTEREST,
    BALANCE_SUPPLY: stream_pb2.MONEY_KIND_SUPPLY,
    BALANCE_REDEEM: stream_pb2.MONEY_KIND_REDEEM,
    BALANCE_POOL: stream_pb2.MONEY_KIND_POOL,
}
STAGES: Final = (
    stream_pb2.LIQUIDATION_STAGE_UNSPECIFIED,
    stream_pb2.LIQUIDATION_STAGE_FLAGGED,
    stream_pb2.LIQUIDATION_STAGE_SLICE,
    stream_pb2.LIQUIDATION_STAGE_INSURANCE,
    stream_pb2.LIQUIDATION_STAGE_DEFICIT,
    stream_pb2.LIQUIDATION_STAGE_RELEASED,
    stream_pb2.LIQUIDATION_STAGE_BACKSTOP,
    stream_pb2.LIQUIDATION_STAGE_DELEVERAGE,
)
MORE_STAGES: Final = {
    STAGE_COLLATERAL: stream_pb2.LIQUIDATION_STAGE_COLLATERAL,
    STAGE_POOL: stream_pb2.LIQUIDATION_STAGE_POOL,
}
POOL_STAGES: Final = (
    stream_pb2.POOL_STAGE_UNSPECIFIED,
    stream_pb2.POOL_STAGE_SUPPLIED,
    stream_pb2.POOL_STAGE_REDEEMED,
    stream_pb2.POOL_STAGE_LOST,
    stream_pb2.POOL_STAGE_VOIDED,
)
SHARES_STAGES: Final = (
    stream_pb2.SHARES_STAGE_UNSPECIFIED,
    stream_pb2.SHARES_STAGE_BOUGHT,
    stream_pb2.SHARES_STAGE_NOTICE,
    stream_pb2.SHARES_STAGE_PAID,
    stream_pb2.SHARES_STAGE_DELAYED,
    stream_pb2.SHARES_STAGE_LOST,
)
REMOVAL_NUMBERS: Final = (
    query_pb2.REMOVAL_UNSPECIFIED,
    query_pb2.REMOVAL_CANCELLED,
    query_pb2.REMOVAL_MODIFIED,
    query_pb2.REMOVAL_BAND,
    query_pb2.REMOVAL_REDUCE_ONLY,
    query_pb2.REMOVAL_LIQUIDATING,
    query_pb2.REMOVAL_SELF_TRADE,
    query_pb2.REMOVAL_EXPIRED,
    query_pb2.REMOVAL_SWITCH,
    query_pb2.REMOVAL_BRACKET,
    query_pb2.REMOVAL_TRIGGERED,
    query_pb2.REMOVAL_REFUSED,
    query_pb2.REMOVAL_DONE,
    query_pb2.REMOVAL_LIMIT,
    *[query_pb2.REMOVAL_UNSPECIFIED] * (REMOVED_SETTLED - REMOVED_LIMIT - 1),
    query_pb2.REMOVAL_SETTLED,
)
REMOVALS: Final = dict(enumerate(REMOVAL_NUMBERS)) | {REMOVED_EXITING: query_pb2.REMOVAL_EXITING}
"""By the number of the reason."""
TRIGGERS: Final = (
    query_pb2.TRIGGER_MARK_RISES,
    query_pb2.TRIGGER_MARK_FALLS,
    query_pb2.TRIGGER_INDEX_RISES,
    query_pb2.TRIGGER_INDEX_FALLS,
    query_pb2.TRIGGER_LAST_RISES,
    query_pb2.TRIGGER_LAST_FALLS,
)
SIDES: Final = (common_pb2.SIDE_BUY, common_pb2.SIDE_SELL)


def portfolio_of(portfolio: int) -> common_pb2.Portfolio:
    """Return a portfolio's two numbers."""
    return common_pb2.Portfolio(account=portfolio >> 8, sub=portfolio & 255)


def account_events_of(event: Event) -> Iterator[Pair]:
    """Yield what an event means to each portfolio that it names."""
    if isinstance(event, Fill):
        yield from fill_events_of(event)
    elif isinstance(event, OrderRested | OrderPegged | OrderRemoved):
        yield event.portfolio, order_event_of(event)
    elif isinstance(event, OrderAsleep | OrderAwake | TwapChanged):
        yield event.portfolio, waiting_event_of(event)
    elif isinstance(event, BalanceChanged):
        kind = MONEY_KINDS.get(event.reason, stream_pb2.MONEY_KIND_UNSPECIFIED)
        money = stream_pb2.MoneyEvent(
            kind=kind, amount_micros=event.amount, reference=event.reference
        )
        portfolio = portfolio_of(event.portfolio)
        yield event.portfolio, stream_pb2.AccountEvent(portfolio=portfolio, money=money)
    elif isinstance(event, Liquidated):
        liquidation = stream_pb2.LiquidationEvent(
            market=event.market,
            closed_lots=event.size,
            equity_micros=saturate(event.equity),
            maintenance_micros=saturate(event.maintenance),
            stage=MORE_STAGES.get(event.stage) or STAGES[event.stage],
        )
        portfolio = portfolio_of(event.portfolio)
        yield event.portfolio, stream_pb2.AccountEvent(portfolio=portfolio, liquidation=liquidation)
    elif isinstance(event, AssetChanged):
        yield event.portfolio, asset_event_of(event)
    elif isinstance(event, Deleveraged | PositionSettled | SharesChanged | PoolChanged):
        yield event.portfolio, tail_event_of(event)
    elif isinstance(event, FundChanged):
        yield from fund_events_of(event)


def asset_event_of(event: AssetChanged) -> stream_pb2.AccountEvent:
    """Return another asset than USDC that was credited, or debited."""
    moved = stream_pb2.AssetEvent(
        kind=MONEY_KINDS.get(event.reason, stream_pb2.MONEY_KIND_UNSPECIFIED),
        asset=event.asset,
        units=saturate(event.amount),
        reference=event.reference,
    )
    return stream_pb2.AccountEvent(portfolio=portfolio_of(event.portfolio), asset=moved)


def tail_event_of(
    event: Deleveraged | PositionSettled | SharesChanged | PoolChanged,
) -> stream_pb2.AccountEvent:
    """Return a position closed for its owner, or what became of shares of vaults or the pool."""
    portfolio = portfolio_of(event.portfolio)
    if isinstance(event, PoolChanged):
        pool = stream_pb2.PoolEvent(
            stage=POOL_STAGES[event.stage],
            shares=event.shares,
            amount_micros=saturate(event.amount),
            supplied_micros=saturate(event.supplied),
            lent_micros=saturate(event.lent),
        )
        return stream_pb2.AccountEvent(portfolio=portfolio, pool=pool)
    if isinstance(event, PositionSettled):
        settlement = stream_pb2.SettlementEvent(
            market=event.market,
            closed_lots=event.size,
            price=event.price,
            amount_micros=saturate(event.amount),
        )
        return stream_pb2.AccountEvent(portfolio=portfolio, settlement=settlement)
    if isinstance(event, Deleveraged):
        deleverage = stream_pb2.DeleverageEvent(
            market=event.market, closed_lots=event.size, price=event.price, mark=event.mark
        )
        return stream_pb2.AccountEvent(portfolio=portfolio, deleverage=deleverage)
    shares = stream_pb2.SharesEvent(
        market=event.market,
        stage=SHARES_STAGES[event.stage],
        shares=event.shares,
        amount_micros=event.amount,
        due_ms=event.due,
    )
    return stream_pb2.AccountEvent(portfolio=portfolio, shares=shares)


def fill_events_of(fill: Fill) -> Iterator[Pair]:
    """Yield a trade as its maker and its taker see it."""
    system = fill.taker_order == 0
    for portfolio, order_id, side, fee, maker in (
        (fill.maker, fill.maker_order, 1 - fill.side, fill.maker_fee, True),
        (fill.taker, fill.taker_order, fill.side, fill.taker_fee, False),
    ):
        message = stream_pb2.FillEvent(
            market=fill.market,
            order_id=order_id,
            side=SIDES[side],
            price=fill.price,
            lots=fill.size,
            fee_micros=fee,
            maker=maker,
            liquidation=system,
            remaining_lots=fill.maker_remaining if maker else 0,
        )
        yield portfolio, stream_pb2.AccountEvent(portfolio=portfolio_of(portfolio), fill=message)


def waiting_event_of(event: OrderAsleep | OrderAwake | TwapChanged) -> stream_pb2.AccountEvent:
    """Return an order that waits, slices, or no longer does."""
    portfolio = portfolio_of(event.portfolio)
    order = query_pb2.Order(order_id=event.order_id, market=event.market, portfolio=portfolio)
    if isinstance(event, OrderAsleep):
        order.state = query_pb2.ORDER_STATE_ASLEEP
        order.side = SIDES[event.flags & FLAG_SELL]
        order.price = event.price
        order.lots = order.remaining_lots = event.size
        order.trigger = TRIGGERS[event.trigger]
        order.trigger_price = event.trigger_price
    elif isinstance(event, TwapChanged):
        done = event.reason != 0
        order.state = query_pb2.ORDER_STATE_CANCELLED if done else query_pb2.ORDER_STATE_SLICING
        order.removal = REMOVALS[event.reason]
        order.remaining_lots = event.remaining
        order.slices = event.slices
    else:
        fired = event.reason == REMOVED_TRIGGERED
        order.state = query_pb2.ORDER_STATE_TRIGGERED if fired else query_pb2.ORDER_STATE_CANCELLED
        order.removal = REMOVALS[event.reason]
        order.code = event.code
        order.code_name = Code(event.code).name
    return stream_pb2.AccountEvent(portfolio=portfolio, order=stream_pb2.OrderEvent(order=order))


def order_event_of(event: OrderRested | OrderPegged | OrderRemoved) -> stream_pb2.AccountEvent:
    """Return an order that joined or left the book."""
    portfolio = portfolio_of(event.portfolio)
    removed = isinstance(event, OrderRemoved)
    pegged = isinstance(event, OrderPegged)
    order = query_pb2.Order(
        order_id=event.order_id,
        market=event.market,
        side=SIDES[event.side],
        price=event.limit if isinstance(event, OrderPegged) else event.price,
        remaining_lots=event.remaining,
        portfolio=portfolio,
        state=query_pb2.ORDER_STATE_CANCELLED if removed else query_pb2.ORDER_STATE_RESTING,
        removal=REMOVALS[event.reason if isinstance(event, OrderRemoved) else 0],
        pegged=pegged,
        offset=event.offset if isinstance(event, OrderPegged) else 0,
    )
    return stream_pb2.AccountEvent(portfolio=portfolio, order=stream_pb2.OrderEvent(order=order))
