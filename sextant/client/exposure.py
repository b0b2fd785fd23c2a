"""What a position would ask for, and where it would be liquidated: the rules' own functions.

For a position that nobody has yet, held apart with so much margin: the exchange's
state with one portfolio in it, measured by the margin rule that judges every order.
For what an order would do to a portfolio that exists, ask the node
(:meth:`sextant.client.reads.Reads.preview`).
"""

from dataclasses import dataclass
from decimal import Decimal

from sextant.client.amounts import from_micros, to_micros
from sextant.client.models import Side, Ticker
from statemachine import keys
from statemachine.genesis import genesis_state
from statemachine.records import Portfolio
from statemachine.risk.exposure import liquidation_price
from statemachine.risk.margin import ISOLATED_FROM, margin_of
from statemachine.rules import Rules
from statemachine.state import State
from statemachine.storage import MemoryStore

NOBODY = 1 << 8 | ISOLATED_FROM


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A position with margin of its own, in USDC; no liquidation price if there is none."""

    notional: Decimal
    collateral: Decimal
    equity: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    liquidation_price: Decimal | None

    @property
    def may_open(self) -> bool:
        """Whether it has the margin that opening it needs."""
        return self.equity >= self.initial_margin


def exposure_of(
    rules: Rules,
    ticker: Ticker,
    side: Side,
    lots: int,
    price: int,
    collateral: Decimal,
    fee: Decimal = Decimal(0),
) -> Exposure:
    """Return what ``lots`` entered at ``price`` (micros per lot) would be, at today's mark.

    ``fee`` is what entering costs, off the ``collateral``.
    """
    names = ticker.market
    state = State(MemoryStore(genesis_state(rules, 0).items()), rules)
    market = state.market(names.id)
    # A mark need not be a multiple of the tick.
    mark = ticker.mark
    market.mark = price if mark is None else int(mark.scaleb(names.price_decimals))
    market.initial_ppm = names.initial_margin_ppm
    market.maintenance_ppm = names.maintenance_margin_ppm
    market.open_interest = int(ticker.open_interest.scaleb(names.lot_decimals))
    portfolio = Portfolio(keys.portfolio_key(NOBODY), False, NOBODY)
    portfolio.balance = to_micros(collateral) - to_micros(fee)
    position = state.open_position(portfolio, names.id)
    position.size = lots if side is Side.BUY else -lots
    position.cost = position.size * price
    margin = margin_of(state, portfolio)
    found = liquidation_price(state, position, margin)
    return Exposure(
        notional=from_micros(lots * price),
        collateral=collateral,
        equity=from_micros(margin.equity),
        initial_margin=from_micros(margin.initial),
        maintenance_margin=from_micros(margin.maintenance),
        liquidation_price=names.show_price(found) if found else None,
    )
