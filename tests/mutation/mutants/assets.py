"""Assets beyond USDC."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import ASSETS

MUTANTS: Final = (
    Mutant(
        "risk/collateral.py",
        "min(market.index, market.stable) * rules.initial_weight_ppm",
        "market.index * rules.initial_weight_ppm",
        "a pushed price is lent on at once",
        (ASSETS,),
    ),
    Mutant(
        "risk/collateral.py",
        "        return Prices(maintenance, 0)",
        "        return Prices(0, 0)",
        "silence liquidates",
        (ASSETS,),
    ),
    Mutant(
        "risk/collateral.py",
        "    return max(0, held - stays)",
        "    return max(0, held - stays + 1)",
        "a unit of margin leaves",
        (ASSETS,),
    ),
    Mutant(
        "risk/collateral.py",
        "        count < ASSETS_PER_PORTFOLIO_MAX\n        and count",
        "        count <= ASSETS_PER_PORTFOLIO_MAX\n        and count",
        "a fifth asset counts",
        (ASSETS,),
    ),
    Mutant(
        "risk/collateral.py",
        "    elif holding.amount == 0:\n        portfolio.assets &= ~bit",
        "    elif holding.amount == 0:\n        portfolio.assets |= 0",
        "what is gone still counts",
        (ASSETS,),
    ),
    Mutant(
        "risk/collateral_sales.py",
        "amount = sale_amount(step.rules, rules, market.index, held, -portfolio.balance)",
        "amount = sale_amount(step.rules, rules, market.index, held, held * market.index)",
        "more is sold than the debt asks for",
        (ASSETS,),
    ),
    Mutant(
        "risk/collateral_sales.py",
        "return market.state != STATE_PAUSED and not is_stale(step, market)",
        "return market.state != STATE_PAUSED",
        "a vault buys at an old price",
        (ASSETS,),
    ),
    Mutant(
        "risk/collateral_sales.py",
        "    if sale_proceeds(rules, market.index, amount) > room:",
        "    if room < 0:",
        "a vault pays what it does not have",
        (ASSETS,),
    ),
    Mutant(
        "risk/liquidation.py",
        "    broke = portfolio.balance < 0 and not portfolio.assets",
        "    broke = portfolio.balance < 0",
        "insurance pays for who has assets",
        (ASSETS,),
    ),
    Mutant(
        "risk/vaults.py",
        "            most += worth_of(state, state.asset_rules[asset], amount)",
        "            most += 0",
        "who comes in pays nothing for held assets",
        (ASSETS,),
    ),
    Mutant(
        "handlers/collateral.py",
        "    if price > action.price:",
        "    if price > action.price + 1:",
        "a purchase above its price",
        (ASSETS,),
    ),
    Mutant(
        "handlers/collateral.py",
        "    counted = held if buyer.assets >> (action.asset - 1) & 1 else 0",
        "    counted = 0",
        "what a buyer held already is lent on twice",
        (ASSETS,),
    ),
    Mutant(
        "handlers/assets.py",
        "    if worth > capacity:\n        when",
        "    if worth > 2 * capacity:\n        when",
        "an asset outruns the velocity cap",
        (ASSETS,),
    ),
    Mutant(
        "identity/budgets.py",
        "return margin.equity - margin.collateral - portfolio.moved",
        "return margin.equity - portfolio.moved",
        "an agent is blamed for the price of collateral",
        (ASSETS,),
    ),
    Mutant(
        "pricing/guards.py",
        "    stable = oracle.average >> AVERAGE_SHIFT\n    if market.stable != stable:",
        "    stable = oracle.average >> AVERAGE_SHIFT\n    if market.stable == 0:",
        "the slow price stands still",
        (ASSETS,),
    ),
    Mutant(
        "risk/liquidation.py",
        "        equity += sale_surplus(step.state, portfolio)",
        "        equity += 0",
        "winners pay for who has assets",
        (ASSETS,),
    ),
)
