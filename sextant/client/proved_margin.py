"""What a sub-account is worth against what it must keep, from proved leaves alone.

The state machine's own functions measure it: over the leaves of its positions, of
their markets (mark, funding, rates, crowd), of the assets it holds and their prices,
and of the lending pool if it owes.  Nothing here knows which these are: what the
functions ask for and is not known yet is asked for, with its proof.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sextant.client.amounts import from_micros
from statemachine import keys
from statemachine.records import Portfolio
from statemachine.risk.collateral import assets_of
from statemachine.risk.liquidation import is_safe
from statemachine.risk.margin import Margin, margin_of, withdrawable
from statemachine.rules import Rules
from statemachine.state import State

HEALTH_DIGITS: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedMargin:
    """A sub-account's margin in the state under a claim.

    ``equity`` is held against ``maintenance``: below it, anyone may have it liquidated.
    ``equity_initial``, in which other assets than USDC count less, is held against
    ``initial``: what is above that is ``available``, and of it ``withdrawable``.
    ``health`` is equity / maintenance, rounded down; ``None`` if there is nothing to
    maintain.  ``loan_margined`` is the loan that counts: were all losses realised.
    """

    equity: Decimal
    equity_initial: Decimal
    initial: Decimal
    maintenance: Decimal
    available: Decimal
    withdrawable: Decimal
    collateral: Decimal
    loan_margined: Decimal
    health: Decimal | None
    covered: bool
    """Whether equity covers maintenance."""
    clear: bool
    """Whether it does with the distance at which a liquidation ends."""


def measure(state: State, portfolio: Portfolio) -> ProvedMargin:
    """Return a portfolio's margin, as the state machine judges it."""
    margin = margin_of(state, portfolio)
    return ProvedMargin(
        equity=from_micros(margin.equity),
        equity_initial=from_micros(margin.equity_initial),
        initial=from_micros(margin.initial),
        maintenance=from_micros(margin.maintenance),
        available=from_micros(max(0, margin.free)),
        withdrawable=from_micros(max(0, withdrawable(state, portfolio))),
        collateral=from_micros(margin.collateral),
        loan_margined=from_micros(max(0, -margin.cushion)),
        health=health_of(margin),
        covered=margin.equity >= margin.maintenance,
        clear=is_safe(state.rules, margin),
    )


def health_of(margin: Margin) -> Decimal | None:
    """Return equity / maintenance, rounded down to four digits."""
    if not margin.maintenance:
        return None
    return Decimal(10_000 * margin.equity // margin.maintenance) * HEALTH_DIGITS


def likely_leaves(rules: Rules, portfolios: Iterable[Portfolio]) -> list[bytes]:
    """Return the leaves that measuring these will need, to ask for them at once."""
    wanted: dict[bytes, None] = {}
    markets = {asset.asset: asset.market for asset in rules.assets}
    for portfolio in portfolios:
        number = portfolio.portfolio
        for market in portfolio.markets:
            wanted[keys.position_key(number, market)] = None
            wanted[keys.market_key(market)] = None
        for asset in assets_of(portfolio):
            wanted[keys.holding_key(number, asset)] = None
            wanted[keys.market_key(markets[asset])] = None
        if portfolio.balance < 0:
            wanted[keys.POOL_KEY] = None
    return list(wanted)
