"""Records of the state as a trader reads them: the same types that a node's answers have.

Everything is decoded here, from proved bytes and from the rules that L1's contract names;
no name, number of decimals or price is a node's word.
"""

from decimal import Decimal
from typing import Final

from sextant.client.amounts import from_micros, to_decimal
from sextant.client.market import Market
from sextant.client.models import Order, Side
from statemachine import keys
from statemachine.actions import FLAG_FOK, FLAG_IOC, FLAG_POST_ONLY, FLAG_REDUCE_ONLY, FLAG_SELL
from statemachine.book.heads import is_past, pegged_price
from statemachine.book.resting import place_of
from statemachine.records import (
    OWNED_ASLEEP,
    OWNED_PEGGED,
    OWNED_TWAP,
    Sleeper,
    TwapPlan,
)
from statemachine.records import (
    Order as OrderRecord,
)
from statemachine.rules import Rules

SIDES: Final = (Side.BUY, Side.SELL)
TRIGGERS: Final = (
    "mark rises",
    "mark falls",
    "index rises",
    "index falls",
    "last rises",
    "last falls",
)


def markets_of(rules: Rules) -> dict[int, Market]:
    """Return the markets that the rules have, by number."""
    return {
        market.market: Market(
            id=market.market,
            name=market.symbol.decode("ascii", "replace"),
            lot_decimals=market.lot_decimals,
            tick=market.tick,
            minimum_notional=market.notional_min,
            initial_margin_ppm=market.initial_ppm,
            maintenance_margin_ppm=market.maintenance_ppm,
            maker_fee_ppm=market.maker_ppm,
            taker_fee_ppm=market.taker_ppm,
            fill_band_ppm=market.fill_band_ppm,
            open_interest_max_lots=market.open_interest_max,
            tiers=market.tiers,
        )
        for market in rules.markets
    }


def amount_of(rules: Rules, asset: int, units: int) -> tuple[str, Decimal]:
    """Return (name, amount) of an asset; 0 is USDC."""
    if not asset:
        return "USDC", from_micros(units)
    found = next(known for known in rules.assets if known.asset == asset)
    return found.symbol.decode("ascii", "replace"), to_decimal(units, found.decimals)


def order_leaf(market: int, sequence: int, side: int, price: int) -> bytes:
    """Return where an order's own leaf is, by what its owner's leaf says of it."""
    if side >= OWNED_PEGGED:
        return keys.pegged_key(market, side - OWNED_PEGGED, price - keys.OFFSET_BIAS, sequence)
    if side == OWNED_TWAP:
        return keys.twap_key(sequence)
    if side >= OWNED_ASLEEP:
        return keys.sleeper_key(market, side - OWNED_ASLEEP, price, sequence)
    return keys.order_key(market, side, price, sequence)


def price_of(market: Market, order: OrderRecord, index: int, across: int) -> int:
    """Return the price that a resting order's place in the book gives it, micros per lot.

    ``across`` is the best fixed price of the other side, 0 if it has none.  Not above
    zero for a pegged bid that has no price.
    """
    if not order.limit:
        return keys.order_place(order.key)[2]
    _, side, offset, _ = keys.pegged_place(order.key)
    return pegged_price(side, index, market.tick, offset, across)


def is_hidden(order: OrderRecord, side: int, price: int) -> bool:
    """Return whether a pegged order stands nowhere: it has no price, or one past its limit."""
    return bool(order.limit) and (price <= 0 or is_past(side, price, order.limit))


def resting_order(market: Market, order: OrderRecord, height: int) -> Order:
    """Return an order that rests in the book."""
    _, side, price, sequence = place_of(order)
    pegged = order.limit != 0
    return Order(
        order_id=sequence,
        client_id=b"",
        market=market,
        side=SIDES[side],
        price=market.show_price(price),
        size=market.show_size(order.size),
        remaining=market.show_size(order.remaining),
        post_only=bool(order.flags & FLAG_POST_ONLY),
        reduce_only=bool(order.flags & FLAG_REDUCE_ONLY),
        account=order.portfolio >> 8,
        sub=order.portfolio & 255,
        state="resting",
        reason="",
        height=height,
        time_in_force="gtt" if order.expires_at else "gtc",
        expires_at_ms=order.expires_at,
        bracket=order.group,
        offset=market.show_price(keys.pegged_place(order.key)[2]) if pegged else None,
    )


def sleeping_order(market: Market, order: Sleeper, height: int) -> Order:
    """Return an order that waits for its trigger."""
    _, trigger, price, sequence = keys.sleeper_place(order.key)
    return Order(
        order_id=sequence,
        client_id=b"",
        market=market,
        side=SIDES[1 if order.flags & FLAG_SELL else 0],
        price=market.show_price(order.price),
        size=market.show_size(order.size),
        remaining=market.show_size(order.size),
        post_only=bool(order.flags & FLAG_POST_ONLY),
        reduce_only=bool(order.flags & FLAG_REDUCE_ONLY),
        account=order.portfolio >> 8,
        sub=order.portfolio & 255,
        state="asleep",
        reason="",
        height=height,
        time_in_force=force_of(order.flags, order.expires_at),
        expires_at_ms=order.expires_at,
        trigger=TRIGGERS[trigger],
        trigger_price=market.show_price(price),
        bracket=order.group,
    )


def force_of(flags: int, expires_at: int) -> str:
    """Return the time in force that an order will have once it is awake."""
    if flags & FLAG_FOK:
        return "fok"
    if flags & FLAG_IOC:
        return "ioc"
    return "gtt" if expires_at else "gtc"


def twap_order(market: Market, plan: TwapPlan, height: int) -> Order:
    """Return a TWAP under way."""
    return Order(
        order_id=int.from_bytes(plan.key[1:], "big"),
        client_id=b"",
        market=market,
        side=SIDES[1 if plan.flags & FLAG_SELL else 0],
        price=market.show_price(plan.price),
        size=market.show_size(plan.size),
        remaining=market.show_size(plan.remaining),
        post_only=False,
        reduce_only=bool(plan.flags & FLAG_REDUCE_ONLY),
        account=plan.portfolio >> 8,
        sub=plan.portfolio & 255,
        state="slicing",
        reason="",
        height=height,
        time_in_force="ioc",
        slices=plan.slices,
        interval_ms=plan.interval,
    )
