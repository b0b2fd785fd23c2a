"""Checklist lines about collateral: what counts besides USDC, for how much, and for how long."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from sextant.client.amounts import show_decimal
from sextant.client.assets import Asset
from sextant.client.checklist import Facts
from sextant.client.lines import Level, Line, level_of, percent, usdc

ROOM_MIN: Final = Decimal("0.05")
"""Less room than this part of its cap is worth a look."""
GAP_MAX: Final = Decimal("0.02")
"""How far an asset's price may be from its slow mean without a word."""


def collateral_lines(facts: Facts) -> Iterable[Line]:
    """Say what may be put up, and what of it counts."""
    yield Line(Level.OK, "USDC", "counts whole; losses and fees are paid from it alone")
    if not facts.assets:
        yield Line(Level.NOTE, "other assets", "the rules know none")
    for asset in facts.assets:
        yield asset_line(facts, asset)
    held = facts.holdings
    if held:
        shown = ", ".join(
            f"{show_decimal(one.amount)} {one.asset}" + ("" if one.counted else " (not counted)")
            for one in held
        )
        text = (
            f"you hold {shown}: {usdc(sum_of(one.value for one in held))} against maintenance,"
            f" {usdc(sum_of(one.value_initial for one in held))} to trade with"
        )
        fine = all(one.counted for one in held)
        yield Line(level_of(fine=fine), "yours", text, sum_of(one.value for one in held))


def asset_line(facts: Facts, asset: Asset) -> Line:
    """Say what one asset counts for, and whether more of it may come in."""
    if asset.price is None:
        return Line(Level.BAD, asset.name, "has no price yet: it counts for nothing")
    room = max(Decimal(0), asset.cap - (asset.deposited - asset.withdrawn))
    text = (
        f"{percent(asset.weight)} of {show_decimal(asset.price)} counts to keep a position,"
        f" {percent(asset.initial_weight)} of the lower of that and its slow price to open one;"
        f" room for {show_decimal(room)} more"
    )
    level = Level.OK
    if asset.stable_price and asset.stable_price < asset.price * (1 - GAP_MAX):
        level, text = Level.LOOK, f"{text}; the slow price is {show_decimal(asset.stable_price)}"
    if room < asset.cap * ROOM_MIN:
        level, text = Level.LOOK, f"{text}; its cap is nearly reached"
    if asset.stale:
        level, text = Level.BAD, f"{text}; its price is STALE: nothing of it opens a position"
    if facts.market.id == asset.market:
        text = f"{text}; it falls with this market: a long loses twice"
    return Line(level, asset.name, text, asset.weight)


def sum_of(values: Iterable[Decimal]) -> Decimal:
    """Return a sum of amounts."""
    return sum(values, Decimal(0))
