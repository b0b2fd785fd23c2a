"""What the state under a root owes to whom, once the exchange has stopped.

A frozen exchange settles by its last committed state, at the marks and prices in
it.  Everything is measured by the state machine's own functions, over a witness
as over any other store; open orders count for nothing.

=================  ============================================================
claim              worth, in micros
=================  ============================================================
a portfolio        balance, profit, funding and interest until then, and other
                   assets whole, at their index: may be below zero
a vault's shares   their part of what the vault is worth, floored, never below 0
a fund's shares    likewise; the leader's part of profits is not taken out
the pool's shares  their part of what was lent and of its interest, floored
a withdrawal       what it says, other assets at their index, floored
=================  ============================================================

The portfolios of vaults, funds and cleared markets are nobody's claim: only
shares of them are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, final

from statemachine.assets import ASSET_USDC
from statemachine.keys import account_key, withdrawal_key
from statemachine.records import Portfolio, decode_account, decode_withdrawal
from statemachine.risk.collateral import holding_of, sums_of
from statemachine.risk.funds import fund_of, is_fund, shares_in, stake_of
from statemachine.risk.margin import margin_of
from statemachine.risk.pool import amount_for, value_of
from statemachine.risk.vaults import VAULT_ACCOUNT, vault_portfolio
from statemachine.state import State
from statemachine.units import div_floor


@final
class ShareKind(IntEnum):
    """What shares are of.  Numbers are never reused."""

    VAULT = 1
    FUND = 2
    POOL = 3


@final
@dataclass(frozen=True, slots=True)
class Worth:
    """Whose a claim is, and its micros; below zero, what he owes."""

    owner: bytes
    micros: int


@final
@dataclass(frozen=True, slots=True)
class Committed:
    """What a state says of an asset: all deposits credited so far, and the price of a lot."""

    asset: int
    deposits: int
    price: int
    lot_units: int

    def micros(self, amount: int) -> int:
        """Return what an amount is worth, floored."""
        return worth_at(amount, self.price, self.lot_units)


SUBS_MAX: Final = 256
USDC_PRICE: Final = 1
"""Of a micro, in micros: USDC is worth itself."""


def worth_at(amount: int, price: int, lot_units: int) -> int:
    """Return what ``amount`` units are worth at ``price`` micros a lot, floored."""
    return div_floor(amount * price, lot_units)


def owner_of(state: State, account: int) -> bytes | None:
    """Return the address of an account's owner, if there is such an account."""
    data = state.blob(account_key(account))
    return None if data is None else decode_account(data)


def equity_of(state: State, portfolio: Portfolio) -> int:
    """Return what a portfolio is worth at the committed marks, in micros.

    Margin's equity, but for other assets, which count whole, weighted or not.
    """
    margin = margin_of(state, portfolio)
    whole = 0
    for rules in state.rules.assets:
        amount = holding_of(state, portfolio.portfolio, rules.asset).amount
        if amount:
            whole += worth_at(amount, state.market(rules.market).index, rules.lot_units)
    return margin.equity - margin.collateral + whole


def worth_of_portfolio(state: State, account: int, sub: int) -> Worth | None:
    """Return what a portfolio is worth to its owner; ``None`` if it is nobody's claim."""
    if account == VAULT_ACCOUNT or sub >= SUBS_MAX:
        return None
    owner = owner_of(state, account)
    portfolio = state.portfolio(account << 8 | sub)
    if owner is None or portfolio is None or is_fund(portfolio):
        return None
    return Worth(owner, equity_of(state, portfolio))


def worth_of_share(state: State, kind: int, account: int, place: int) -> Worth | None:
    """Return what an account's shares are worth; ``None`` if it has none.

    ``place`` is a vault's market, a fund's portfolio, or 0 for the pool.
    """
    owner = owner_of(state, account)
    if kind == ShareKind.VAULT:
        micros = vault_share(state, account, place)
    elif kind == ShareKind.FUND:
        micros = fund_share(state, account, place)
    elif kind == ShareKind.POOL and place == 0:
        micros = pool_share(state, account)
    else:
        micros = None
    return None if owner is None or micros is None else Worth(owner, micros)


def vault_share(state: State, account: int, market: int) -> int | None:
    """Return what an account has in a market's vault, on notice or not."""
    if market not in state.market_rules:
        return None
    vault, share = state.vault(market), state.share(market, account)
    shares = share.held + share.notice if share.epoch == vault.epoch else 0
    backer = state.portfolio(vault_portfolio(market))
    if shares == 0 or backer is None:
        return None
    return part_of(equity_of(state, backer), shares, vault.shares)


def fund_share(state: State, account: int, place: int) -> int | None:
    """Return what an account has in a fund, leaving or not."""
    fund, portfolio = fund_of(state, place), state.portfolio(place)
    if fund is None or portfolio is None:
        return None
    shares = shares_in(fund, stake_of(state, place, fund, account))
    if shares == 0:
        return None
    return part_of(equity_of(state, portfolio), shares, fund.shares)


def pool_share(state: State, account: int) -> int | None:
    """Return what an account has in the lending pool, lent or not."""
    pool, supply = state.pool(), state.supply(account)
    if supply.epoch != pool.epoch or supply.shares == 0:
        return None
    value, _ = value_of(state.rules, pool, state.cursor.time)
    return amount_for(pool, value, supply.shares)


def part_of(equity: int, shares: int, all_shares: int) -> int:
    """Return the part of an equity that shares are worth, floored; nobody owes for shares."""
    return div_floor(max(0, equity) * shares, all_shares)


def worth_of_withdrawal(state: State, index: int) -> Worth | None:
    """Return what a withdrawal is worth to its owner; ``None`` if there is no such one."""
    data = state.store.get(withdrawal_key(index))
    if data is None:
        return None
    owner, amount, _, asset = decode_withdrawal(data)
    if asset == ASSET_USDC:
        return Worth(owner, amount)
    rules = state.asset_rules[asset]
    return Worth(owner, worth_at(amount, state.market(rules.market).index, rules.lot_units))


def committed_sums(state: State) -> Iterator[Committed]:
    """Yield what a state says of each asset, USDC first."""
    yield Committed(ASSET_USDC, state.ledger().deposits, USDC_PRICE, 1)
    for rules in state.rules.assets:
        deposits = sums_of(state, rules.asset).deposits
        yield Committed(rules.asset, deposits, state.market(rules.market).index, rules.lot_units)
