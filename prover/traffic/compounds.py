"""Synthetic traffic's rarer kinds: orders made of orders, terms, settings, assets.  Seeded."""

from dataclasses import replace
from random import Random
from typing import Final

from statemachine.actions import (
    FLAG_IOC,
    FLAG_SELL,
    NO_TERMS,
    Action,
    ApproveBuilder,
    Bracket,
    BuyCollateral,
    CancelAt,
    ClosePosition,
    PlaceOrder,
    Scale,
    SetLeverage,
    SetMargin,
    SetMarketState,
    SetReferrer,
    Terms,
    TransferAsset,
    Twap,
    WithdrawAsset,
)
from statemachine.units import Millis, Price

ENDING: Final = 3
"""The market that may be settled."""


def compound_of(random: Random, now: int, order: PlaceOrder) -> Action:
    """Return something more than ``order``, drawn by weight, about its market and price."""
    sub, market, price, size = order.sub, order.market, order.price, order.size
    draw = random.random()
    if draw < 0.28:
        exits = tuple(exit_of(random, order) for _ in range(random.choice((1, 2))))
        return Bracket(sub, replace(order, terms=NO_TERMS), exits)
    if draw < 0.4:
        return Bracket(sub, None, (exit_of(random, order), exit_of(random, order)))
    if draw < 0.55:
        interval = Millis(random.choice((500, 1_000, 3_000)))
        return Twap(sub, market, order.flags & FLAG_SELL, price, size, 5, interval)
    if draw < 0.68:
        last = Price(price * random.randrange(990, 1_010) // 1_000)
        return Scale(sub, market, order.flags, price, last, size, random.choice((2, 20)))
    if draw < 0.78:
        return ClosePosition(sub, market, price)
    if draw < 0.88:
        return CancelAt(sub, Millis(now + random.choice((1, 3_000, 10_000))))
    if draw < 0.96:
        return SetLeverage(sub, market, random.choice((0, 1, 3, 20)))
    if draw < 0.98:
        return SetMargin(
            market, *random.choice(((40_000, 20_000), (50_000, 25_000), (60_000, 30_000)))
        )
    # An end is for ever: it may come to one market only.
    return SetMarketState(market, random.choice((1, 1, 1, 2, 4, 5 if market == ENDING else 1)))


def asset_action_of(random: Random, asset: int, price: int) -> Action:
    """Return what an owner of ``asset`` may ask for; ``price`` is that of its market."""
    amount = random.choice((1, 100_000, 30_000_000))
    draw = random.random()
    if draw < 0.4:
        return TransferAsset(0, random.choice((0, 1, 1)), asset, amount)
    if draw < 0.8:
        return WithdrawAsset(random.choice((0, 1)), asset, amount)
    return BuyCollateral(0, asset, amount, to_tick(price))


def sharing_of(random: Random, accounts: int) -> Action:
    """Return who should share in somebody's fees, out of so many accounts and some more."""
    if random.random() < 0.3:
        return SetReferrer(random.randrange(2), random.randrange(accounts + 2))
    return ApproveBuilder(random.choice((1, 2, 99)), random.choice((0, 50, 300, 1_001)))


def exit_of(random: Random, entry: PlaceOrder) -> PlaceOrder:
    """Return an exit on the other side of an entry, some way off."""
    side = FLAG_SELL - (entry.flags & FLAG_SELL)
    far = entry.price * random.randrange(990, 1_010) // 1_000
    worse = far * (98 if side else 102) // 100
    terms = Terms(trigger=random.randrange(6), trigger_price=to_tick(far))
    return PlaceOrder(
        entry.sub, entry.market, side | FLAG_IOC, to_tick(worse), entry.size, b"", terms
    )


def terms_of(random: Random, now: int, price: int) -> Terms:
    """Return what an order asks for beyond price and size: mostly nothing."""
    draw = random.random()
    if draw < 0.8:
        return NO_TERMS
    wait = random.choice((0, 1_000, 5_000, 60_000))
    expiry = Millis(now + wait if wait else 0)
    if draw < 0.88:
        return Terms(expiry, random.randrange(1, 8))
    if draw < 0.92:
        return Terms(expiry, builder=random.choice((1, 2)), builder_ppm=random.choice((0, 50, 300)))
    trigger_price = to_tick(price * random.randrange(995, 1_005) // 1_000)
    return Terms(expiry, 0, 1_000, random.randrange(6), trigger_price)


def to_tick(price: int) -> Price:
    """Return a price of this world's ticks."""
    return Price(max(10, price - price % 10))
