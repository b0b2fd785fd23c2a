"""The lending pool as messages, and what a portfolio owes to it."""

from node.service.answers import saturate
from proto.sextant.v1 import query_pb2
from statemachine.risk.pool import (
    amount_for,
    earning,
    free_of,
    loan_rate,
    utilisation,
    value_of,
)
from statemachine.state import State
from statemachine.units import div_floor


def pool_view(state: State, account: int) -> query_pb2.Pool:
    """Return the lending pool, and what ``account`` has in it; 0 is nobody's."""
    pool = state.pool()
    rules = state.rules
    now = state.cursor.time
    value = value_of(rules, pool, now)[0]
    used = utilisation(pool)
    rate = loan_rate(rules, used)
    answer = query_pb2.Pool(
        height=state.cursor.height,
        time_ms=now,
        shares=pool.shares,
        value_micros=saturate(value),
        lent_micros=saturate(pool.lent),
        free_micros=saturate(free_of(pool)),
        utilisation_ppm=used,
        loan_rate_ppm=rate,
        supply_rate_ppm=div_floor(rate * earning(pool), pool.supplied) if pool.supplied else 0,
        supply_min_micros=rules.pool_supply_min,
        loan_initial_ppm=rules.loan_initial_ppm,
        loan_maintenance_ppm=rules.loan_maintenance_ppm,
    )
    if account:
        supply = state.supply(account)
        if supply.epoch == pool.epoch and supply.shares:
            answer.held_shares = supply.shares
            answer.held_micros = saturate(amount_for(pool, value, supply.shares))
    return answer
