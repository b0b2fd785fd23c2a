"""The way out of a position, as the exact commands that lead there."""

from decimal import Decimal
from typing import Final

from sextant.client.amounts import Rounding, show_decimal
from sextant.client.checklist import Facts
from sextant.client.models import Side

EXIT_ROOM: Final = Decimal("0.01")
"""How far from mark the slices of an exit may trade."""


def exit_plan(facts: Facts, options: str) -> list[tuple[str, str]]:
    """Return the way out, as (what, exact command), from the gentlest to the last.

    ``options`` are those that say who asks, such as `` --as alice --sub 1``.
    """
    market, wish = facts.market, facts.wish
    side = "sell" if wish.side is Side.BUY else "buy"
    mark = facts.ticker.mark or facts.ticker.index
    plan = [
        ("cancel by itself, should you go silent", f"sextant cancel --after 60s{options}"),
        ("cancel what rests", f"sextant cancel --all{options}"),
        ("close at market", f"sextant close {market}{options}"),
    ]
    if mark is not None and facts.size:
        worst = mark * (1 - EXIT_ROOM if side == "sell" else 1 + EXIT_ROOM)
        limit = show_decimal(market.show_price(market.price(worst, rounding=Rounding.NEAREST)))
        terms = f"--limit {limit} --slices {wish.slices} --every 30s --reduce-only"
        sliced = f"sextant twap {side} {market} {show_decimal(facts.size)} {terms}{options}"
        plan.append(("close in slices", sliced))
    return [
        *plan,
        ("withdraw", f"sextant withdraw {show_decimal(wish.notional / wish.leverage)}{options}"),
        ("see how far it is", f"sextant withdraw --list{options}"),
        ("or at once, if attesters vouch", f"sextant claim 0 --ahead{options}"),
        ("or sell it, for money at once", f"sextant sale offer 0 PRICE{options}"),
        ("collect it on L1, once final", f"sextant claim INDEX{options}"),
        ("withdraw past a sequencer that refuses", f"sextant withdraw --forced{options}"),
        ("if even that is ignored: stop the exchange", f"sextant escape freeze{options}"),
        ("count what is yours in its last state", f"sextant escape register{options}"),
        ("be paid your part of all it holds", f"sextant escape pay{options}"),
    ]
