"""Orders: what is refused, changed, cancelled."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import ORDERS, ROOM, TAIL

MUTANTS: Final = (
    Mutant(
        "book/entry.py",
        "    # What rests and only reduces reserves",
        "    if entry.flags & FLAG_REDUCE_ONLY and not entry.flags & FLAG_IOC:\n"
        "        return True\n"
        "    # What rests and only reduces reserves",
        "what reduces and may rest makes its owner riskier",
        (TAIL,),
    ),
    Mutant(
        "handlers/vault.py",
        "    if holder.epoch == vault.epoch or holder.notice == 0:",
        "    if True:",
        "void shares on notice are paid in the next epoch",
        (TAIL,),
    ),
    Mutant(
        "handlers/vault.py",
        "    if not SHARES_MIN <= shares <",
        "    if not 0 < shares <",
        "a dear share takes from who comes in",
        (TAIL,),
    ),
    Mutant(
        "book/entry.py",
        "elif price % parameters.tick or (",
        "elif price % 1 or (",
        "off-tick prices rest",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "elif notional < parameters.notional_min and",
        "elif notional < 0 and",
        "dust orders rest",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "step.now - market.index_time > step.rules.oracle_age_ms_max and",
        "step.now - market.index_time > 100 * step.rules.oracle_age_ms_max and",
        "positions are opened on a stale price",
        (ORDERS,),
    ),
    Mutant(
        "handlers/order.py",
        "        if taken is not None:",
        '        if taken == b"":',
        "a client id sent again doubles its order",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "if is_past(entry.side, price, worst):",
        "if is_past(1 - entry.side, price, worst):",
        "the band refuses the wrong side",
        (ORDERS,),
    ),
    Mutant(
        "book/entry.py",
        "if portfolio.flags & PORTFOLIO_CLOSING and not (",
        "if portfolio.flags & 8 and not (",
        "a portfolio being closed opens more",
    ),
    Mutant(
        "book/entry.py",
        "entry.size = min(entry.size, held)",
        "entry.size = max(entry.size, held)",
        "reduce-only flips",
        (ORDERS,),
    ),
    Mutant(
        "book/posting.py",
        "if price < best if side == BUY else price > best:",
        "if price <= best if side == BUY else price >= best:",
        "post-only orders lock the book",
        (ORDERS,),
    ),
    Mutant(
        "book/room.py",
        "return wanted <= orders_limit",
        "return wanted < orders_limit",
        "one open order too few",
        (ORDERS,),
    ),
    Mutant(
        "book/room.py",
        "if wanted <= rules.orders_free_max and",
        "if wanted <= 2 * rules.orders_free_max and",
        "twice as many orders are free",
        (ORDERS,),
    ),
    Mutant(
        "book/room.py",
        "max(0, portfolio.balance)",
        "portfolio.balance",
        "a debt takes the free orders away",
        (ROOM,),
    ),
    Mutant(
        "handlers/order.py",
        "if not entry.flags & (FLAG_IOC | FLAG_FOK) and not room_allows",
        "if not room_allows",
        "who has too many orders cannot even close",
        (ROOM,),
    ),
    Mutant(
        "book/entry.py",
        "fee = -(-entry.price * entry.size * entry.rates.worst // PPM_ONE)",
        "fee = -(-entry.price * entry.size * entry.parameters.maker_ppm // PPM_ONE)",
        "orders are checked with the maker's fee",
    ),
    Mutant(
        "book/entering.py",
        "        cursor.fee += step.fee",
        "        cursor.fee = step.fee",
        "a receipt forgets fees of earlier steps",
    ),
    Mutant(
        "book/entering.py",
        "cursor.continuation < step.rules.step_continuations_max - 1:",
        "cursor.continuation < step.rules.step_continuations_max:",
        "a transaction runs one step too many",
    ),
    Mutant(
        "book/entering.py",
        "elif taker.remaining and not entry.flags & FLAG_IOC:",
        "elif taker.remaining:",
        "what an IOC leaves rests",
        (ORDERS,),
    ),
    Mutant(
        "book/entering.py",
        "        if entry.flags & FLAG_IOC:\n            step.refuse",
        "        if entry.flags & FLAG_POST_ONLY:\n            step.refuse",
        "an IOC that meets nobody rests",
        (ORDERS,),
    ),
    Mutant(
        "book/matching.py",
        "if price >= limit if other == keys.BUY",
        "if price > limit if other == keys.BUY",
        "an order at the very price of a bid does not meet it",
        (ORDERS,),
    ),
    Mutant(
        "book/entering.py",
        "    ledger.next_sequence += 1",
        "    ledger.next_sequence += 2",
        "order ids skip one",
    ),
    Mutant(
        "handlers/modify.py",
        "if price == action.price and 0 < size <= order.remaining:",
        "if price == action.price and 0 < size:",
        "a growing order keeps its priority",
        (ORDERS,),
    ),
    Mutant(
        "handlers/modify.py",
        "if action.flags & (FLAG_IOC | FLAG_FOK) or (order.flags ^ action.flags) & kept:",
        "if action.flags & (FLAG_IOC | FLAG_FOK):",
        "a modify changes an order's side",
        (ORDERS,),
    ),
    Mutant(
        "handlers/modify.py",
        "    release(position, order, entry.side, price, -remaining)\n",
        "",
        "a refused modify leaves its order without margin",
    ),
)
