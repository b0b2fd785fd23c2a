"""Posting: orders that only ever rest keep away from the other side, or move away from it."""

from typing import Final

from statemachine.actions import FLAG_FOK, FLAG_IOC, FLAG_PEG, FLAG_POST_ONLY, FLAG_SLIDE
from statemachine.book.heads import BookSide, best_fixed
from statemachine.costs import COST_PEGS
from statemachine.errors import Code
from statemachine.keys import BUY, pegged_place, pegged_range
from statemachine.records import Market
from statemachine.step import Step

NO_PRICE: Final = 0
NO_OFFSET: Final = 1 << 62
"""No order has this one."""


def terms_agree(flags: int, offset: int) -> bool:
    """Return whether an order's flags and its offset can be meant together."""
    if offset and not flags & FLAG_PEG:
        return False
    if flags & FLAG_POST_ONLY:
        return not flags & (FLAG_IOC | FLAG_FOK)
    return not flags & (FLAG_SLIDE | FLAG_PEG)


def posted_price(step: Step, market: Market, side: int, price: int, tick: int, flags: int) -> int:
    """Return where a post-only order may rest: its price, or where it slides to.

    ``NO_PRICE`` if it would cross and may not slide; the step says why.
    """
    book = BookSide(step, market, 1 - side)
    if book.first() is None:
        return price
    best = book.price
    if price < best if side == BUY else price > best:
        return price
    moved = best - tick if side == BUY else best + tick
    if flags & FLAG_SLIDE and moved > 0:
        return moved
    step.refuse(Code.POST_ONLY_CROSSES, (best,))
    return NO_PRICE


def posted_offset(step: Step, market: Market, side: int, offset: int, tick: int, flags: int) -> int:
    """Return the offset at which a pegged order may rest: its own, or where it slides to.

    As it comes it crosses nothing: neither the other side's best fixed order, at
    today's index, nor its best pegged one, at any.  ``NO_OFFSET`` if it would and
    may not slide; the step names the offset that is in its way.
    """
    step.cost += COST_PEGS
    number = market.market
    found = []
    fixed = best_fixed(step.state, number, 1 - side)
    if fixed:
        # As far as this from the index, rounded as the order itself is, it would meet it.
        rest = market.index % tick if side == BUY else -(-market.index % tick)
        found.append(fixed - market.index + rest)
    key = step.state.range(pegged_range(number, 1 - side)).first()
    if key is not None:
        found.append(pegged_place(key)[2])
    if not found:
        return offset
    best = min(found) if side == BUY else max(found)
    if offset < best if side == BUY else offset > best:
        return offset
    if flags & FLAG_SLIDE:
        return best - tick if side == BUY else best + tick
    step.refuse(Code.POST_ONLY_CROSSES, (best,))
    return NO_OFFSET
