"""Loans: what they cost, whom they are owed to, and who bears a loss."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import POOL, TAIL

MUTANTS: Final = (
    Mutant(
        "risk/balances.py",
        "    if balance < 0 or balance + amount < 0:\n",
        "    if balance < 0 and balance + amount < 0:\n",
        "what crosses zero is not lent",
        (POOL,),
    ),
    Mutant(
        "risk/balances.py",
        "pool.lent += left - loan",
        "pool.lent += left",
        "what is repaid stays lent",
        (POOL,),
    ),
    Mutant(
        "risk/pool.py",
        "return -(portfolio.balance * (index - portfolio.loan_index) >> INDEX_SHIFT)",
        "return -portfolio.balance * (index - portfolio.loan_index) >> INDEX_SHIFT",
        "interest rounds down",
        (POOL,),
    ),
    Mutant(
        "risk/pool.py",
        "rate = rules.loan_rate_base_ppm + div_floor(rules.loan_slope_below_ppm * below, kink)",
        "rate = div_floor(rules.loan_slope_below_ppm * below, kink)",
        "loans are free while little is lent",
        (POOL,),
    ),
    Mutant(
        "risk/pool.py",
        "rate + div_floor(rules.loan_slope_above_ppm * (used - below), PPM_ONE - kink)",
        "rate + div_floor(rules.loan_slope_above_ppm * (used - below), kink)",
        "the second slope is as long as the first",
        (POOL,),
    ),
    Mutant(
        "risk/pool.py",
        "        pool.unowned += grown * (pool.lent - earning(pool))\n",
        "",
        "the first supplier gets what accrued before he came, and on what he never lent",
        (POOL,),
    ),
    Mutant(
        "risk/pool.py",
        "pool.supplied += owed - insured",
        "pool.supplied += owed",
        "insurance's interest is paid twice",
        (POOL,),
    ),
    Mutant(
        "risk/pool.py",
        "pool.supplied + (parts >> INDEX_SHIFT), pool.supplied - (-parts >> INDEX_SHIFT)",
        "pool.supplied, pool.supplied",
        "whoever supplies just before a settlement gets others' interest",
        (POOL,),
    ),
    Mutant(
        "risk/pool.py",
        "    borne = min(rest, portfolio.borrowed)\n",
        "    borne = rest\n",
        "suppliers bear every debt",
        (POOL,),
    ),
    Mutant(
        "risk/pool.py",
        "    if lent > pool.supplied:\n        borne = div_floor(borne * pool.supplied, lent)\n",
        "",
        "suppliers bear what they had not lent",
        (POOL,),
    ),
    Mutant(
        "risk/pool.py",
        "        pool.epoch += 1\n",
        "",
        "void shares count in what comes after",
        (POOL,),
    ),
    Mutant(
        "handlers/pool.py",
        "value = value_of(step.rules, pool, step.now)[1]",
        "value = value_of(step.rules, pool, step.now)[0]",
        "a supply is priced rounded down",
    ),
    Mutant(
        "handlers/pool.py",
        "value = value_of(step.rules, pool, step.now)[0]",
        "value = value_of(step.rules, pool, step.now)[1]",
        "shares are paid rounded up",
    ),
    Mutant(
        "handlers/pool.py",
        "    if amount > free:\n",
        "    if amount > pool.supplied:\n",
        "what is lent can be redeemed",
        (POOL,),
    ),
    Mutant(
        "risk/margin.py",
        "        cushion -= unsettled_interest(state, portfolio)\n",
        "        pass\n",
        "equity forgets interest",
        (POOL,),
    ),
    Mutant(
        "risk/margin.py",
        "            if gain < 0:\n                cushion += gain\n            if position",
        "            if position",
        "only a loss that was realised asks for a loan's margin",
        (POOL,),
    ),
    Mutant(
        "risk/margin.py",
        "        initial -= cushion * state.rules.loan_initial_ppm // PPM_ONE\n",
        "        initial += -cushion * state.rules.loan_initial_ppm // PPM_ONE\n",
        "a loan's initial margin rounds down",
    ),
    Mutant(
        "risk/margin.py",
        "    added = loan_maintenance(rules, -margin.equity)\n",
        "    added = 0\n",
        "closing at the zero price borrows, and lowers E/MM",
        (POOL,),
    ),
    Mutant(
        "risk/margin.py",
        "maintenance = margin.maintenance - loan_maintenance(rules, margin.cushion)",
        "maintenance = margin.maintenance",
        "a bankrupt's counterparties pay what his loan asks for",
        (POOL,),
    ),
    Mutant(
        "risk/deficits.py",
        "return state.ledger().settled + state.pool().supplied",
        "return state.ledger().settled",
        "suppliers make others' withdrawals smaller",
        (TAIL,),
    ),
)
