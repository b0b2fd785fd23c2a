"""From protobuf messages to models.

The only module that knows both; amounts become decimals here, under the
rules of their market, and never before.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from proto.sextant.v1 import common_pb2, query_pb2
from sextant.client.amounts import from_micros, to_decimal
from sextant.client.assets import holding_of
from sextant.client.market import Market
from sextant.client.models import (
    Account,
    Book,
    Level,
    MarginRamp,
    Order,
    Pool,
    Portfolio,
    Position,
    PublisherPrice,
    Side,
    SignerInfo,
    Ticker,
    Trade,
    Vault,
)
from sextant.errors import BadRequest

PPB_DECIMALS: Final = 9


class Markets:
    """The markets of a node, by number and by name."""

    __slots__ = ("_by_id", "_by_name")

    def __init__(self, markets: list[Market]) -> None:
        self._by_id = {market.id: market for market in markets}
        self._by_name = {market.name.upper(): market for market in markets}

    def __iter__(self) -> Iterator[Market]:
        """Go through the markets by number."""
        return iter(sorted(self._by_id.values(), key=lambda market: market.id))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._by_id)

    def find(self, which: str | int | Market) -> Market:
        """Return a market by name (``BTC``, ``BTC-USD``), number, or itself.

        Raises
        ------
        BadRequest
            ``MARKET``: there is no such market.
        """
        if isinstance(which, Market):
            return which
        if isinstance(which, int) or (which.isascii() and which.isdecimal()):
            found = self._by_id.get(int(which))
        else:
            name = which.upper()
            found = self._by_name.get(name)
            if found is None:
                near = [m for n, m in self._by_name.items() if n.split("-")[0] == name]
                found = near[0] if len(near) == 1 else None
        if found is None:
            names = ", ".join(market.name for market in self)
            raise BadRequest("MARKET", f"there is no market {which!r}", advice=f"known: {names}")
        return found

    def of(self, number: int) -> Market:
        """Return a market that an answer names; a nameless one if it is new."""
        return self._by_id.get(number) or Market(
            id=number, name=f"market-{number}", lot_decimals=0, tick=1
        )


def side_of(value: int) -> Side:
    """Return a side."""
    return Side.SELL if value == common_pb2.SIDE_SELL else Side.BUY


def maybe_price(market: Market, price: int) -> Decimal | None:
    """Return a price, or nothing for 0."""
    return market.show_price(price) if price else None


def market_of(message: query_pb2.Market) -> Market:
    """Return a market's rules."""
    state = query_pb2.MarketState.Name(message.state)
    return Market(
        id=message.market,
        name=message.symbol,
        lot_decimals=message.lot_decimals,
        tick=message.tick,
        minimum_notional=message.notional_min_micros,
        order_lots_max=message.order_lots_max,
        initial_margin_ppm=message.initial_margin_ppm,
        maintenance_margin_ppm=message.maintenance_margin_ppm,
        maker_fee_ppm=message.maker_fee_ppm,
        taker_fee_ppm=message.taker_fee_ppm,
        fill_band_ppm=message.fill_band_ppm,
        open_interest_max_lots=message.open_interest_max_lots,
        tiers=tuple(
            (tier.notional_from_micros, tier.initial_margin_ppm, tier.maintenance_margin_ppm)
            for tier in message.tiers
        ),
        state=state.removeprefix("MARKET_STATE_").lower().replace("_", "-"),
    )


def ticker_of(message: query_pb2.Market) -> Ticker:
    """Return a market's figures."""
    market = market_of(message)
    return Ticker(
        market=market,
        mark=maybe_price(market, message.mark),
        index=maybe_price(market, message.index),
        last=maybe_price(market, message.last),
        bid=maybe_price(market, message.best_bid),
        ask=maybe_price(market, message.best_ask),
        funding_rate=to_decimal(message.funding_rate_ppb, PPB_DECIMALS),
        funding_next=to_decimal(message.funding_next_ppb, PPB_DECIMALS),
        funding_time_ms=message.funding_time_ms,
        open_interest=market.show_size(message.open_interest_lots),
        index_average=maybe_price(market, message.index_average),
        index_pending=maybe_price(market, message.index_pending),
        initial_margin_ppm=message.initial_margin_now_ppm,
        deficit=from_micros(message.deficit_micros),
        margin_ramp=margin_ramp_of(message),
        index_time_ms=message.index_time_ms,
        grace_until_ms=message.grace_until_ms,
        grace_updates=message.grace_updates,
        taker_fee_now_ppm=message.taker_fee_now_ppm,
        fee_ramp_end_ms=message.fee_ramp_end_ms,
        publishers=tuple(
            PublisherPrice(price=maybe_price(market, one.price), time_ms=one.time_ms)
            for one in message.publishers
        ),
    )


def margin_ramp_of(message: query_pb2.Market) -> MarginRamp | None:
    """Return a market's margin rates on their way, if they are."""
    if not message.margin_ramp_end_ms:
        return None
    return MarginRamp(
        initial_margin_ppm=message.initial_margin_target_ppm,
        maintenance_margin_ppm=message.maintenance_margin_target_ppm,
        start_ms=message.margin_ramp_start_ms,
        end_ms=message.margin_ramp_end_ms,
    )


def levels_of(market: Market, message: query_pb2.Levels) -> tuple[Level, ...]:
    """Return one side of a book."""
    counts = message.orders or [0] * len(message.prices)
    return tuple(
        Level(market.show_price(price), market.show_size(lots), orders)
        for price, lots, orders in zip(message.prices, message.lots, counts, strict=True)
    )


def book_of(market: Market, message: query_pb2.Book) -> Book:
    """Return a book."""
    return Book(
        market=market,
        height=message.height,
        time_ms=message.time_ms,
        sequence=message.sequence,
        bids=levels_of(market, message.bids),
        asks=levels_of(market, message.asks),
    )


def trade_of(markets: Markets, message: query_pb2.Trade) -> Trade:
    """Return a trade."""
    market = markets.of(message.market)
    return Trade(
        market=market,
        height=message.height,
        time_ms=message.time_ms,
        sequence=message.sequence,
        price=market.show_price(message.price),
        size=market.show_size(message.lots),
        taker_side=side_of(message.taker_side),
        maker_order_id=message.maker_order_id,
        taker_order_id=message.taker_order_id,
        liquidation=message.liquidation,
    )


def position_of(markets: Markets, message: query_pb2.Position) -> Position:
    """Return a position."""
    market = markets.of(message.market)
    return Position(
        market=market,
        size=market.show_size(message.size_lots),
        entry_price=maybe_price(market, message.entry_price),
        mark=maybe_price(market, message.mark),
        unrealised=from_micros(message.unrealised_micros),
        funding=from_micros(message.funding_micros),
        initial_margin=from_micros(message.initial_margin_micros),
        maintenance_margin=from_micros(message.maintenance_margin_micros),
        liquidation_price=maybe_price(market, message.liquidation_price),
        resting_bids=market.show_size(message.bid_lots),
        resting_asks=market.show_size(message.ask_lots),
        leverage=message.leverage,
    )


def removal_of(message: query_pb2.Order) -> str:
    """Return why an order is gone: how it was removed, or the code that rejected it."""
    if message.removal:
        return query_pb2.Removal.Name(message.removal).removeprefix("REMOVAL_")
    return message.code_name


def order_of(markets: Markets, message: query_pb2.Order) -> Order:
    """Return an order."""
    market = markets.of(message.market)
    state = query_pb2.OrderState.Name(message.state)
    return Order(
        order_id=message.order_id,
        client_id=message.client_id,
        market=market,
        side=side_of(message.side),
        price=market.show_price(message.price),
        size=market.show_size(message.lots),
        remaining=market.show_size(message.remaining_lots),
        post_only=message.post_only,
        reduce_only=message.reduce_only,
        account=message.portfolio.account,
        sub=message.portfolio.sub,
        state=state.removeprefix("ORDER_STATE_").lower(),
        reason=removal_of(message),
        height=message.height,
        time_in_force=query_pb2.TimeInForce.Name(message.time_in_force)
        .removeprefix("TIME_IN_FORCE_")
        .lower(),
        expires_at_ms=message.expires_at_ms,
        trigger=query_pb2.Trigger.Name(message.trigger)
        .removeprefix("TRIGGER_")
        .replace("_", " ")
        .lower()
        if message.trigger
        else "",
        trigger_price=market.show_price(message.trigger_price) if message.trigger else None,
        slices=message.slices,
        interval_ms=message.interval_ms,
        bracket=message.bracket,
        replaced_by=message.replaced_by,
        offset=market.show_price(message.offset) if message.pegged else None,
        price_now=maybe_price(market, message.price_now),
    )


def portfolio_of(markets: Markets, message: query_pb2.PortfolioState) -> Portfolio:
    """Return a sub-account."""
    return Portfolio(
        account=message.account,
        sub=message.sub,
        balance=from_micros(message.balance_micros),
        equity=from_micros(message.equity_micros),
        initial_margin=from_micros(message.initial_margin_micros),
        maintenance_margin=from_micros(message.maintenance_margin_micros),
        available=from_micros(message.available_micros),
        withdrawable=from_micros(message.withdrawable_micros),
        liquidating=message.liquidating,
        positions=tuple(position_of(markets, position) for position in message.positions),
        orders=tuple(order_of(markets, order) for order in message.orders),
        open_orders=message.open_orders,
        open_orders_max=message.open_orders_max,
        cancel_at_ms=message.cancel_at_ms,
        loan=from_micros(message.loan_micros),
        loan_interest=from_micros(message.loan_interest_micros),
        loan_margined=from_micros(message.loan_margined_micros),
        equity_initial=from_micros(message.equity_initial_micros),
        assets=tuple(map(holding_of, message.assets)),
    )


def account_of(markets: Markets, message: query_pb2.Account) -> Account:
    """Return an account."""
    return Account(
        height=message.height,
        time_ms=message.time_ms,
        account=message.account,
        owner=message.owner,
        payable=from_micros(message.payable_ppm),
        portfolios=tuple(portfolio_of(markets, portfolio) for portfolio in message.portfolios),
    )


def vault_of(market: Market, message: query_pb2.Vault) -> Vault:
    """Return a market's backstop vault."""
    return Vault(
        market=market,
        shares=message.shares,
        balance=from_micros(message.balance_micros),
        value_low=from_micros(message.value_low_micros),
        value_high=from_micros(message.value_high_micros),
        initial_margin=from_micros(message.initial_margin_micros),
        size=market.show_size(message.size_lots),
        unwinding=message.unwinding,
        liquidating=message.liquidating,
        notice_ms=message.notice_ms,
        deposit_min=from_micros(message.deposit_min_micros),
        insured_today=from_micros(message.insured_micros),
        insured_max=from_micros(message.insured_max_micros),
        held=message.held_shares,
        on_notice=message.notice_shares,
        assets=tuple(map(holding_of, message.assets)),
    )


def pool_of(message: query_pb2.Pool) -> Pool:
    """Return the lending pool."""
    return Pool(
        shares=message.shares,
        value=from_micros(message.value_micros),
        lent=from_micros(message.lent_micros),
        free=from_micros(message.free_micros),
        utilisation=from_micros(message.utilisation_ppm),
        loan_rate=from_micros(message.loan_rate_ppm),
        supply_rate=from_micros(message.supply_rate_ppm),
        supply_min=from_micros(message.supply_min_micros),
        loan_initial=from_micros(message.loan_initial_ppm),
        loan_maintenance=from_micros(message.loan_maintenance_ppm),
        held=message.held_shares,
        worth=from_micros(message.held_micros),
    )


def signer_of(message: query_pb2.Signer) -> SignerInfo:
    """Return who an address signs for."""
    return SignerInfo(
        address=message.address,
        account=message.account,
        is_agent=message.is_agent,
        revoked=message.revoked,
        expires_at_ms=message.expires_at_ms,
        actions=message.actions,
        markets=message.markets,
        notional_per_day=from_micros(message.notional_per_day_micros),
        loss_per_day=from_micros(message.loss_per_day_micros),
        notional_today=from_micros(message.notional_today_micros),
    )
