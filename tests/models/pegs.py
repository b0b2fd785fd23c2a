"""Pegged orders, audited: at no index could a book be crossed by what follows it."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from statemachine import keys
from statemachine.actions import FLAG_IOC, FLAG_PEG, FLAG_POST_ONLY
from statemachine.records import OWNED_PEGGED, Order
from statemachine.rules import Rules

if TYPE_CHECKING:
    from tests.models.auditor import Books


def place_of(order: Order) -> tuple[int, int, int, int, tuple[int, int]]:
    """Return (market, side, price or hard limit, number), and what its owner's list says."""
    if order.limit:
        market, side, offset, number = keys.pegged_place(order.key)
        return market, side, order.limit, number, (OWNED_PEGGED + side, offset + (1 << 63))
    market, side, price, number = keys.order_place(order.key)
    return market, side, price, number, (side, price)


def audit_pegs(books: "Books", rules: Rules, check: Callable[[bool, str], None]) -> None:
    """I4: pegged bids lie a tick below pegged asks, wherever the index goes; all are counted."""
    ticks = {m.market: m.tick for m in rules.markets}
    counted: Counter[int] = Counter()
    best: dict[tuple[int, int], int] = {}
    for order in books.orders:
        pegged = order.flags & FLAG_PEG != 0
        name = f"order {order.key.hex()}"
        check(pegged == (order.limit != 0), f"{name}: pegged without a limit, or the reverse")
        check(pegged == (order.key[0] == keys.TABLE_PEGGED), f"{name}: in the wrong range")
        if not pegged:
            continue
        number, side, offset, _ = keys.pegged_place(order.key)
        kind = order.flags & (FLAG_POST_ONLY | FLAG_IOC)
        check(kind == FLAG_POST_ONLY, f"{name}: pegged, but could take")
        check(offset % ticks[number] == 0, f"{name}: offset {offset} is off the tick")
        counted[number] += 1
        best.setdefault((number, side), offset)
    for number, market in books.markets.items():
        check(market.pegs == counted[number], f"market {number}: counts {market.pegs} pegs")
        bid, ask = best.get((number, keys.BUY)), best.get((number, keys.SELL))
        if bid is not None and ask is not None:
            check(bid < ask, f"I4: market {number}: pegged bid {bid} meets ask {ask}")
        audit_prices(books, number, ticks[number], check)


def audit_prices(
    books: "Books", number: int, tick: int, check: Callable[[bool, str], None]
) -> None:
    """I4: at this index, no bid of either kind is priced at an ask of either kind."""
    index = books.markets[number].index
    fixed: dict[int, list[int]] = {keys.BUY: [], keys.SELL: []}
    pegged: dict[int, list[int]] = {keys.BUY: [], keys.SELL: []}
    for order in books.orders:
        market, side, price, *_ = place_of(order)
        if market == number and order.limit:
            pegged[side].append(keys.pegged_place(order.key)[2])
        elif market == number:
            fixed[side].append(price)
    bids = [min([(index + o) // tick * tick, *(p - tick for p in fixed[1])]) for o in pegged[0]]
    asks = [max([-(-(index + o) // tick) * tick, *(p + tick for p in fixed[0])]) for o in pegged[1]]
    bids += fixed[keys.BUY]
    asks += fixed[keys.SELL]
    if bids and asks:
        check(max(bids) < min(asks), f"I4: market {number}: crossed, {max(bids)}, {min(asks)}")
