"""Margin: what positions ask for, and rates that move."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import LIQUIDATION, MARGIN, ORDERS, RAMPS, WITHDRAW

MUTANTS: Final = (
    Mutant(
        "risk/ramps.py",
        "return source + div_floor((target - source) * passed, whole)",
        "return source - div_floor((source - target) * passed, whole)",
        "rates on their way round up",
        (RAMPS,),
    ),
    Mutant(
        "risk/ramps.py",
        "    if passed >= whole:\n        return target\n",
        "    if passed >= whole:\n        return target - 1\n",
        "a ramp ends one short of its target",
        (RAMPS,),
    ),
    Mutant(
        "risk/ramps.py",
        "time = min(ramp.end, ramp.start + steps * width)",
        "time = ramp.start + steps * width",
        "a ramp's last step comes late",
        (RAMPS,),
    ),
    Mutant(
        "risk/ramps.py",
        "time = min(ramp.end, ramp.start + steps * width)",
        "time = min(ramp.end, step.now + width)",
        "a late step moves all later ones",
        (RAMPS,),
    ),
    Mutant(
        "risk/ramps.py",
        "    ramp.live = False\n",
        "    ramp.live = True\n",
        "a ramp that is over bars the next one",
        (RAMPS,),
    ),
    Mutant(
        "handlers/market_state.py",
        "if not (0 < maintenance <= initial <= most[0] and maintenance <= most[1]):",
        "if not (0 < maintenance <= initial and maintenance <= most[1]):",
        "an initial rate above the next tier's",
        (RAMPS,),
    ),
    Mutant(
        "handlers/market_state.py",
        "    if ramp is not None:\n",
        "    if ramp is not None and ramp.end < step.now:\n",
        "two ramps at a time",
        (RAMPS,),
    ),
    Mutant(
        "pricing/mark.py",
        "return div_floor(market.index * market.initial_ppm, 2 * PPM_ONE)",
        "return div_floor(market.index * market.maintenance_ppm, 2 * PPM_ONE)",
        "the mark is bound by the other rate",
    ),
    Mutant(
        "risk/margin.py",
        "maintenance -= -held * market.maintenance_ppm // PPM_ONE\n            initial",
        "maintenance += held * market.maintenance_ppm // PPM_ONE\n            initial",
        "maintenance margin rounds down",
    ),
    Mutant(
        "risk/margin.py",
        "initial -= -worst * mark * market.initial_ppm // PPM_ONE",
        "initial += worst * mark * market.initial_ppm // PPM_ONE",
        "initial margin rounds down",
    ),
    Mutant(
        "risk/margin.py",
        "loss = position.bids_value - bids * mark",
        "loss = position.bids_value - 2 * bids * mark",
        "bids above the mark reserve no loss",
    ),
    Mutant(
        "risk/margin.py",
        "least = asks - size",
        "least = asks",
        "asks are margined without the position they close",
    ),
    Mutant(
        "risk/margin.py",
        "gain = unsettled_funding(position, market)",
        "gain = 0",
        "equity forgets unsettled funding",
    ),
    Mutant(
        "risk/margin.py",
        "return min(margin_of(state, portfolio).free, portfolio.balance)",
        "return margin_of(state, portfolio).free",
        "unrealised profit can leave",
        (WITHDRAW,),
    ),
    Mutant(
        "risk/margin.py",
        "return equity_after * maintenance_before >= equity_before * maintenance_after",
        "return equity_after * maintenance_after >= equity_before * maintenance_before",
        "not-riskier multiplies the wrong way across",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/margin.py",
        "before.maintenance, before.equity - loss - fee, maintenance",
        "before.maintenance, before.equity, maintenance",
        "who is short of margin reduces at any price",
        (MARGIN,),
    ),
    Mutant(
        "risk/margin.py",
        "after = margin_of(state, portfolio, -fee - loss)",
        "after = margin_of(state, portfolio, -loss)",
        "an order is accepted that cannot pay its fee",
        (ORDERS,),
    ),
    Mutant(
        "risk/margin.py",
        "return position.size >= position.asks + size",
        "return position.size >= size",
        "a reduction is told without what rests already",
    ),
)
