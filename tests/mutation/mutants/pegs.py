"""Orders whose price follows another."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import PEGS

MUTANTS: Final = (
    Mutant(
        "book/heads.py",
        "price = wanted - wanted % tick  # floored",
        "price = wanted + -wanted % tick",
        "a pegged bid rounds up",
        (PEGS,),
    ),
    Mutant(
        "book/heads.py",
        "return min(price, across - tick) if across else price",
        "return price",
        "a pegged bid crosses fixed asks",
        (PEGS,),
    ),
    Mutant(
        "book/heads.py",
        "return max(price, across + tick) if across else price",
        "return max(price, across) if across else price",
        "a pegged ask locks the book",
        (PEGS,),
    ),
    Mutant(
        "book/heads.py",
        "(price >= moved if self.side == BUY else price <= moved)",
        "(price > moved if self.side == BUY else price < moved)",
        "pegged orders come before fixed ones at one price",
        (PEGS,),
    ),
    Mutant(
        "book/heads.py",
        "if self.side == BUY and moved <= 0:",
        "if self.side == BUY and moved < -self.tick:",
        "a pegged bid at no price is met",
        (PEGS,),
    ),
    Mutant(
        "book/heads.py",
        "if looked == PEGS_LOOK_MAX:",
        "if looked > PEGS_LOOK_MAX:",
        "one pegged order too many is looked behind",
        (PEGS,),
    ),
    Mutant(
        "book/matching.py",
        "elif order.limit and book.is_past(order):",
        "elif order.limit > 1 << 62 and book.is_past(order):",
        "pegged orders trade past their limits",
        (PEGS,),
    ),
    Mutant(
        "book/matching.py",
        "gone = outside or book.is_past(order)",
        "gone = outside",
        "a fill-or-kill order counts on pegged orders past their limits",
        (PEGS,),
    ),
    Mutant(
        "pricing/funding.py",
        "if order is not None and not book.is_past(order):",
        "if order is not None:",
        "pegged orders past their limits make a premium",
        (PEGS,),
    ),
    Mutant(
        "book/posting.py",
        "if offset < best if side == BUY else offset > best:",
        "if offset <= best if side == BUY else offset >= best:",
        "pegged orders of two sides stand at one offset",
        (PEGS,),
    ),
    Mutant(
        "book/posting.py",
        "return not flags & (FLAG_SLIDE | FLAG_PEG)",
        "return not flags & FLAG_SLIDE",
        "pegged orders take",
        (PEGS,),
    ),
    Mutant(
        "book/resting.py",
        "    if order.limit:\n        price = order.limit\n",
        "",
        "a pegged order that fills stays margined for the rest of its limit",
        (PEGS,),
    ),
    Mutant(
        "book/resting.py",
        "        record.pegs -= 1\n",
        "",
        "pegged orders that are gone are counted",
        (PEGS,),
    ),
    Mutant(
        "book/entry.py",
        "elif pegged and is_past(entry.side, worth, price):",
        "elif pegged and entry.side and is_past(entry.side, worth, price):",
        "a pegged bid past its limit comes in",
        (PEGS,),
    ),
    Mutant(
        "handlers/modify.py",
        "if (order.flags | action.flags) & FLAG_PEG:",
        "if action.flags & FLAG_PEG:",
        "a pegged order is modified into a fixed one",
        (PEGS,),
    ),
)
