"""The end of a market."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import SETTLEMENT

MUTANTS: Final = (
    Mutant(
        "risk/settlement.py",
        "price = max(1, state.oracle(market.market).average >> AVERAGE_SHIFT)",
        "price = market.index",
        "one update decides the settlement price",
        (SETTLEMENT,),
    ),
    Mutant(
        "risk/settlement.py",
        "    market.initial_ppm = market.maintenance_ppm = 0\n",
        "    market.initial_ppm = 0\n",
        "a settled market still asks for maintenance",
        (SETTLEMENT,),
    ),
    Mutant(
        "risk/settlement.py",
        "again = step.cursor.due_count + 1 < step.rules.due_items_max // 2",
        "again = True",
        "a settlement holds up everybody else's work",
        (SETTLEMENT,),
    ),
    Mutant(
        "risk/settlement.py",
        "        make_good(step, portfolio, number)\n",
        "",
        "a debt that nothing stands against stays",
        (SETTLEMENT,),
    ),
    Mutant(
        "risk/settlement.py",
        "first = SELL if held is not None and held.size > 0 else BUY",
        "first = BUY",
        "the exchange holds all longs before it closes a short",
        (SETTLEMENT,),
    ),
    Mutant(
        "risk/clearing.py",
        "    position.leverage = 0\n",
        "",
        "a settled market keeps its place in a portfolio",
        (SETTLEMENT,),
    ),
    Mutant(
        "risk/clearing.py",
        "        price = market.mark\n",
        "        price = market.last or market.mark\n",
        "positions are closed at the last trade's price",
        (SETTLEMENT,),
    ),
    Mutant(
        "risk/clearing.py",
        "    if is_clearing(portfolio.portfolio):\n        return last\n",
        "",
        "a poke lets the clearing portfolio trade with itself",
        (SETTLEMENT,),
    ),
    Mutant(
        "risk/liquidation.py",
        "    settled = clear_portfolio(step, portfolio)\n",
        "    settled = NONE_CLEARED\n",
        "a liquidation leaves what it holds in a settled market",
        (SETTLEMENT,),
    ),
    Mutant(
        "due.py",
        "    if market.state == STATE_SETTLED:\n        return  # its clocks stand still\n",
        "",
        "a settled market's clocks go on",
        (SETTLEMENT,),
    ),
    Mutant(
        "pricing/mark.py",
        "    if market.state == STATE_SETTLED:\n        return False\n",
        "",
        "a settlement price goes stale",
        (SETTLEMENT,),
    ),
    Mutant(
        "waiting/brackets.py",
        "    if step.state.market(group.market).state == STATE_SETTLED:\n        return False\n",
        "",
        "exits are armed in a settled market",
        (SETTLEMENT,),
    ),
    Mutant(
        "state.py",
        "            if is_clearing(number):\n                continue\n",
        "",
        "the clearing portfolio is ranked, and closed against itself",
        (SETTLEMENT,),
    ),
)
