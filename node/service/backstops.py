"""What stands behind the book, as messages: vaults, deficits, and how fast money may leave."""

from node.service.answers import saturate
from node.service.assets import holdings_of
from proto.sextant.v1 import query_pb2, status_pb2
from statemachine.records import PORTFOLIO_LIQUIDATING, Portfolio
from statemachine.risk.deficits import held_by_all, insured_today, uncovered_deficit
from statemachine.risk.margin import margin_of
from statemachine.risk.vaults import values_of, vault_portfolio
from statemachine.risk.velocity import cap_of, capacity_at
from statemachine.state import State
from statemachine.units import PPM_ONE, div_floor


def payable_ppm(state: State) -> int:
    """Return what a withdrawal is paid of each million micros, floored."""
    uncovered = uncovered_deficit(state.ledger())
    if uncovered == 0:
        return PPM_ONE
    held = held_by_all(state)
    return max(0, div_floor((held - uncovered) * PPM_ONE, max(1, held)))


def solvency_view(state: State, now: int) -> status_pb2.Solvency:
    """Return what stands behind withdrawals at ``now`` (ms)."""
    ledger = state.ledger()
    rules = state.rules
    return status_pb2.Solvency(
        insurance_micros=saturate(ledger.insurance),
        deficits_micros=saturate(ledger.deficits),
        uncovered_micros=saturate(uncovered_deficit(ledger)),
        settled_micros=saturate(ledger.settled),
        payable_ppm=payable_ppm(state),
        withdrawal_capacity_micros=saturate(capacity_at(rules, ledger, state.velocity(), now)),
        withdrawal_capacity_max_micros=saturate(cap_of(rules, ledger)),
    )


def vault_view(state: State, market: int, account: int) -> query_pb2.Vault:
    """Return a market's vault, and what ``account`` has in it; 0 is nobody's."""
    number = vault_portfolio(market)
    backer = state.portfolio(number) or Portfolio(b"", False, number)
    vault = state.vault(market)
    margin = margin_of(state, backer)
    low, high = values_of(state, backer, state.market(market))
    position = state.find_position(backer, market)
    rules = state.rules
    answer = query_pb2.Vault(
        height=state.cursor.height,
        time_ms=state.cursor.time,
        market=market,
        shares=vault.shares,
        balance_micros=saturate(backer.balance),
        value_low_micros=saturate(low),
        value_high_micros=saturate(high),
        initial_margin_micros=saturate(margin.initial),
        size_lots=0 if position is None else position.size,
        unwinding=vault.unwinding != 0,
        liquidating=bool(backer.flags & PORTFOLIO_LIQUIDATING),
        notice_ms=rules.vault_notice_ms,
        deposit_min_micros=rules.vault_deposit_min,
        insured_micros=saturate(insured_today(vault, state.cursor.time)),
        insured_max_micros=saturate(rules.insurance_daily_max),
        assets=holdings_of(state, backer, margin),
    )
    if account:
        share = state.share(market, account)
        if share.epoch == vault.epoch:
            answer.held_shares = share.held
            answer.notice_shares = share.notice
    return answer
