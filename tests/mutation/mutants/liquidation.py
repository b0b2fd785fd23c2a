"""Liquidation and what follows it."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import ASSETS, LIQUIDATION, TAIL

MUTANTS: Final = (
    Mutant(
        "risk/grace.py",
        "    return (0, 0) if until and is_short_elsewhere(step, portfolio) else (until, missing)",
        "    return until, missing",
        "a crumb in a halted market shelters its owner everywhere",
        (TAIL,),
    ),
    Mutant(
        "risk/liquidation.py",
        "[p for p in positions if not waits(step, p.market)]",
        "positions",
        "what is halted is sold",
        (TAIL,),
    ),
    Mutant(
        "risk/debts.py",
        "drawn = draw_insurance(step, market, div_floor(missing * closed, whole))",
        "drawn = draw_insurance(step, market, missing)",
        "insurance pays a bankrupt's whole debt with his first slice",
        (TAIL,),
    ),
    Mutant(
        "risk/debts.py",
        "    if missing <= 0 or portfolio.assets:\n",
        "    if missing <= 0:\n",
        "insurance pays with a slice for who has assets",
        (ASSETS,),
    ),
    Mutant(
        "risk/liquidation.py",
        "return div_ceil(mark * whole - part, whole * tick) * tick",
        "return div_floor(mark * whole - part, whole * tick) * tick",
        "the zero price rounds against its owner",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "return div_floor(mark * whole + part, whole * tick) * tick",
        "return div_floor(mark * whole - part, whole * tick) * tick",
        "a short is bought back below the mark only",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "if maintenance > most:",
        "if maintenance >= most:",
        "of equal positions the highest market's is closed",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "    fee = min(fee, spare)\n",
        "",
        "a liquidation fee lowers E/MM",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "ledger.insurance += fee - reward - repaid",
        "ledger.insurance += fee - repaid",
        "a poke's reward is made of nothing",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/deficits.py",
        "drawn = min(debt, insurance_room(step, market))",
        "drawn = debt",
        "the insurance fund goes below zero",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/debts.py",
        "    add_deficit(state, market, rest)",
        "    add_deficit(state, market, debt)",
        "what insurance paid stands as a deficit too",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "margin.maintenance * (PPM_ONE + rules.liquidation_margin_ppm)",
        "margin.maintenance * PPM_ONE",
        "a liquidation ends without a margin",
        (LIQUIDATION,),
    ),
    Mutant(
        "risk/liquidation.py",
        "repaid = repay_deficit(ledger, market, fee - reward)",
        "repaid = 0",
        "deficits are never repaid",
        (LIQUIDATION,),
    ),
    Mutant(
        "handlers/poke.py",
        "return position.bids > max(0, -position.size)",
        "return position.bids > 0",
        "stage 1 cancels what closes a short",
        (LIQUIDATION,),
    ),
    Mutant(
        "handlers/poke.py",
        "    if until or margin.equity >= margin.maintenance:\n        cancel_risky",
        "    if margin.equity >= margin.initial:\n        cancel_risky",
        "who is short of IM alone is closed",
        (LIQUIDATION,),
    ),
)
