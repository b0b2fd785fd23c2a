"""The auditor's part about assets beyond USDC: every unit is somewhere, and counted once."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from statemachine import keys
from statemachine.assets import ASSETS_PER_PORTFOLIO_MAX
from statemachine.pricing.guards import AVERAGE_SHIFT
from statemachine.records import (
    MARKETS_PER_PORTFOLIO_MAX,
    decode_asset,
    decode_holding,
    decode_oracle,
    decode_withdrawal,
)
from statemachine.risk.vaults import is_vault
from statemachine.rules import Rules
from statemachine.states import STATE_ACTIVE, STATE_POST_ONLY

if TYPE_CHECKING:
    from tests.models.auditor import Books

Check = Callable[[bool, str], None]


def audit_assets(books: "Books", rules: Rules, check: Check) -> None:
    """I1 for each asset, masks that say what is held, and prices that collateral is lent on."""
    held: Counter[int] = Counter()
    of: dict[int, set[int]] = {}
    known = {asset.asset: asset for asset in rules.assets}
    for key, data in books.table(keys.TABLE_HOLDING):
        _, account, sub, asset = keys.HOLDING.unpack(key)
        amount = decode_holding(key, data).amount
        place = f"holding {key.hex()}"
        check(amount > 0, f"{place}: nothing, but kept")
        check(asset in known, f"{place}: no such asset")
        check(account << 8 | sub in books.portfolios, f"{place}: of no portfolio")
        check(
            not is_vault(account << 8 | sub) or known[asset].market == sub,
            f"{place}: in another market's vault",
        )
        held[asset] += amount
        of.setdefault(account << 8 | sub, set()).add(asset)
    left: Counter[int] = Counter()
    for _, data in books.table(keys.TABLE_WITHDRAWAL):
        _, amount, _, asset = decode_withdrawal(data)
        left[asset] += amount
    del left[0]
    paid: Counter[int] = Counter()
    for key, data in books.table(keys.TABLE_ASSET):
        sums = decode_asset(key, data)
        paid[key[1]] = sums.withdrawals
        total = held[key[1]] + sums.withdrawals
        check(total == sums.deposits, f"I1: asset {key[1]}: {total} of {sums.deposits} deposited")
        check(sums.deposits > 0, f"asset {key[1]}: nothing ever came in, but kept")
    check(left == paid, f"withdrawals of assets are {left}, sums say {paid}")
    check(set(held) <= set(paid), "an asset that nobody deposited")
    for name, portfolio in books.portfolios.items():
        counted = {asset for asset in range(1, 9) if portfolio.assets >> (asset - 1) & 1}
        check(counted <= of.get(name, set()), f"portfolio {name}: counts {counted}")
        check(len(counted) <= ASSETS_PER_PORTFOLIO_MAX, f"portfolio {name}: counts {counted}")
        check(
            len(counted) + len(portfolio.markets) <= MARKETS_PER_PORTFOLIO_MAX,
            f"portfolio {name}: more than a step's margin may read",
        )
    for parameters in rules.markets:
        market = books.markets[parameters.market]
        key = keys.oracle_key(market.market)
        said = books.items.get(key)
        average = 0 if said is None else decode_oracle(key, said).average >> AVERAGE_SHIFT
        check(market.stable == average, f"market {market.market}: stable {market.stable}")
        opened = market.state in (STATE_ACTIVE, STATE_POST_ONLY)
        check(
            not (parameters.collateral_only and (opened or market.open_interest)),
            f"market {market.market}: only prices collateral, but trades",
        )
