"""The breakages, area by area: where, what was there, what is there instead, what that breaks."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.mutants import (
    assets,
    atomic,
    authority,
    bids,
    blocks,
    custody,
    defence,
    due,
    fees,
    forced,
    funds,
    l1,
    lending,
    liquidation,
    margin,
    matching,
    oracle,
    orders,
    pegs,
    settlement,
    terms,
    upgrades,
)

MUTANTS: Final[tuple[Mutant, ...]] = (
    *lending.MUTANTS,
    *margin.MUTANTS,
    *settlement.MUTANTS,
    *fees.MUTANTS,
    *matching.MUTANTS,
    *pegs.MUTANTS,
    *orders.MUTANTS,
    *terms.MUTANTS,
    *atomic.MUTANTS,
    *authority.MUTANTS,
    *custody.MUTANTS,
    *forced.MUTANTS,
    *funds.MUTANTS,
    *oracle.MUTANTS,
    *due.MUTANTS,
    *liquidation.MUTANTS,
    *blocks.MUTANTS,
    *assets.MUTANTS,
    *l1.MUTANTS,
    *upgrades.MUTANTS,
    *defence.MUTANTS,
    *bids.MUTANTS,
)
