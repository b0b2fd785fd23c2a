"""Whether all money is there: the ledger's zero-sum, taken again from every leaf.

``sum(balances - costs + unsettled funding) + funding dust - deficits + insurance +
fees + dust + pool = deposits - withdrawals``, exactly, in micros << 32 so that what is not
settled yet is part of it.  Nothing that the state keeps as a sum is believed.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from statemachine import keys
from statemachine.pricing.funding import FUNDING_SHIFT
from statemachine.records import (
    decode_asset,
    decode_holding,
    decode_ledger,
    decode_market,
    decode_pool,
    decode_portfolio,
    decode_position,
    decode_withdrawal,
)


@final
@dataclass(frozen=True, slots=True)
class Conservation:
    """What the leaves sum to, in micros; ``missing`` is 0 if nothing was lost or made.

    ``missing`` is in micros << 32.  ``sizes`` and ``interest`` say which markets'
    positions do not cancel, or do not sum to their open interest.
    """

    deposits: int
    withdrawals: int
    balances: int
    insurance: int
    fees: int
    dust: int
    deficits: int
    pool: int
    missing: int
    sizes: tuple[int, ...]
    interest: tuple[int, ...]
    below_zero: int
    """Portfolios with a balance below zero and nothing else: debts that nobody recorded."""
    assets: tuple[int, ...]
    """Assets of which holdings and withdrawals are not what was deposited."""

    @property
    def holds(self) -> bool:
        """Whether everything adds up, and no debt is hidden."""
        wrong = self.missing or self.sizes or self.interest or self.below_zero or self.assets
        return not wrong


def conserve(items: Mapping[bytes, bytes]) -> Conservation:
    """Add up a whole state, leaf by leaf."""
    ledger = decode_ledger(items[keys.LEDGER_KEY])
    markets = {}
    balances = scaled = deficits = 0
    units: Counter[int] = Counter()
    debtors: set[int] = set()
    holders: set[int] = set()
    sizes: Counter[int] = Counter()
    longs: Counter[int] = Counter()
    for key, data in items.items():
        if key[0] == keys.TABLE_MARKET:
            market = decode_market(key, data)
            markets[market.market] = market
            deficits += market.deficit
            scaled += market.funding_dust - (market.deficit << FUNDING_SHIFT)
    for key, data in items.items():
        if key[0] == keys.TABLE_PORTFOLIO:
            portfolio = decode_portfolio(key, data)
            balances += portfolio.balance
            if portfolio.balance < 0:
                debtors.add(portfolio.portfolio)
        elif key[0] == keys.TABLE_POSITION:
            position = decode_position(key, data)
            market = markets[position.market]
            scaled -= position.cost << FUNDING_SHIFT
            scaled -= position.size * (market.funding_index - position.funding_index)
            sizes[position.market] += position.size
            longs[position.market] += max(0, position.size)
            if position.size:
                holders.add(int.from_bytes(key[1:6], "big"))
        elif key[0] == keys.TABLE_WITHDRAWAL:
            _, amount, _, asset = decode_withdrawal(data)
            units[asset] += amount
        elif key[0] == keys.TABLE_HOLDING:
            units[key[-1]] += decode_holding(key, data).amount
            holders.add(int.from_bytes(key[1:6], "big"))
        elif key[0] == keys.TABLE_ASSET:
            units[key[1]] -= decode_asset(key, data).deposits
    paid = units.pop(0, 0)
    lent = items.get(keys.POOL_KEY)
    pool = 0 if lent is None else decode_pool(lent).supplied
    own = balances + ledger.insurance + ledger.fees + ledger.dust + pool
    scaled += (own - ledger.deposits + paid) << FUNDING_SHIFT
    return Conservation(
        deposits=ledger.deposits,
        withdrawals=paid,
        balances=balances,
        insurance=ledger.insurance,
        fees=ledger.fees,
        dust=ledger.dust,
        deficits=deficits,
        pool=pool,
        missing=scaled,
        sizes=tuple(sorted(number for number, sum_ in sizes.items() if sum_)),
        interest=tuple(
            sorted(n for n, market in markets.items() if longs[n] != market.open_interest)
        ),
        below_zero=len(debtors - holders),
        assets=tuple(sorted(asset for asset, amount in units.items() if amount)),
    )
