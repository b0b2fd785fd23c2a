"""Deficits: what nobody could pay, where it stands, and who bears it until it is repaid.

* a debt is paid by the insurance fund, for each market at most
  ``insurance_daily_max`` a day (UTC); the rest stands in the market's deficit
* a deficit is repaid first of all from what its market earns: trading fees
  and liquidation fees, before anything goes to the exchange or to insurance
* while all deficits together exceed the insurance fund, the rest is *uncovered*,
  and every withdrawal is paid times ``1 - uncovered / held``, floored, with
  ``held`` the sum of all portfolios' balances, loans taken off, and of what is
  supplied to the lending pool.  What a withdrawal leaves
  behind goes to insurance, so that the next one is cut by the same share:
  whoever runs first gains nothing
"""

from statemachine.records import Ledger, Market, Vault
from statemachine.state import State
from statemachine.step import Step
from statemachine.units import DAY_MS


def repay_deficit(ledger: Ledger, market: Market, earned: int) -> int:
    """Repay a market's deficit out of ``earned`` micros; return how many it took.

    The caller touches both records.
    """
    repaid = min(market.deficit, max(0, earned))
    market.deficit -= repaid
    ledger.deficits -= repaid
    return repaid


def uncovered_deficit(ledger: Ledger) -> int:
    """Return by how much all deficits exceed the insurance fund, in micros."""
    return max(0, ledger.deficits - ledger.insurance)


def held_by_all(state: State) -> int:
    """Return what deficits are shared by: all balances and what is supplied, in micros."""
    return state.ledger().settled + state.pool().supplied


def payable(state: State, amount: int) -> int:
    """Return what a withdrawal of ``amount`` micros is paid, floored."""
    uncovered = uncovered_deficit(state.ledger())
    if uncovered == 0:
        return amount
    held = held_by_all(state)
    if held <= uncovered:
        return 0
    return amount * (held - uncovered) // held


def insured_today(vault: Vault, now: int) -> int:
    """Return what insurance has paid for a market today, in micros."""
    return vault.insured if vault.insured_day == now // DAY_MS else 0


def insurance_room(step: Step, market: Market) -> int:
    """Return what insurance may still pay for a market today, in micros."""
    used = insured_today(step.state.vault(market.market), step.now)
    room = max(0, step.rules.insurance_daily_max - used)
    return min(room, step.state.ledger().insurance)


def draw_insurance(step: Step, market: Market, debt: int) -> int:
    """Take up to ``debt`` micros out of insurance for a market; return how many."""
    state = step.state
    drawn = min(debt, insurance_room(step, market))
    if drawn:
        vault = state.vault(market.market)
        ledger = state.ledger()
        vault.insured = insured_today(vault, step.now) + drawn
        vault.insured_day = step.today
        ledger.insurance -= drawn
        state.touch(vault)
        state.touch(ledger)
    return drawn


def add_deficit(state: State, market: Market, amount: int) -> None:
    """Let ``amount`` micros that nobody paid stand in a market's account."""
    ledger = state.ledger()
    market.deficit += amount
    ledger.deficits += amount
    state.touch(market)
    state.touch(ledger)
