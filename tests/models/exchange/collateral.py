"""Assets beyond USDC: what they count for, how they move, and who buys them of a debtor."""

from fractions import Fraction
from math import ceil, floor

from statemachine.actions import BuyCollateral, TransferAsset, WithdrawAsset
from statemachine.assets import AssetRules
from statemachine.errors import Code
from statemachine.inbox import InboxItem
from tests.models.exchange.custody import check_closed, check_free, owner_of
from tests.models.exchange.margin import kept_for, lent_on, margin_of, rules_of, withdrawable, worth
from tests.models.exchange.money import capacity_now, largest_capacity, when_capable
from tests.models.exchange.state import MILLION, PAUSED, Exchange, Outcome, Refused

COUNTED_MAX = 4
READ_MAX = 16


def has_room(exchange: Exchange, portfolio: int, asset: int) -> bool:
    """Return whether a portfolio counts an asset, or could."""
    counted = exchange.counted.get(portfolio, set())
    if asset in counted:
        return True
    return (
        len(counted) < COUNTED_MAX and len(counted) + len(exchange.markets_of(portfolio)) < READ_MAX
    )


def give(exchange: Exchange, portfolio: int, asset: int, amount: int) -> None:
    """Add to what a portfolio holds; it counts if there is room for it."""
    room = has_room(exchange, portfolio, asset)
    exchange.holdings[portfolio, asset] = exchange.held(portfolio, asset) + amount
    exchange.balances.setdefault(portfolio, 0)
    if room:
        exchange.counted.setdefault(portfolio, set()).add(asset)


def take(exchange: Exchange, portfolio: int, asset: int, amount: int) -> None:
    """Take from what a portfolio holds."""
    left = exchange.held(portfolio, asset) - amount
    assert left >= 0
    exchange.holdings[portfolio, asset] = left
    if left == 0:
        del exchange.holdings[portfolio, asset]
        exchange.counted.get(portfolio, set()).discard(asset)


def may_leave(exchange: Exchange, portfolio: int, asset: int) -> int:
    """Return how much of an asset may leave: looked for, not computed."""
    held = exchange.held(portfolio, asset)
    if asset not in exchange.counted.get(portfolio, set()):
        return held
    margin = margin_of(exchange, portfolio)
    before = lent_on(exchange, asset, held)

    def is_covered(amount: int) -> bool:
        after = margin.equity_initial - before + lent_on(exchange, asset, held - amount)
        return after >= margin.initial

    low, high = 0, held + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_covered(middle) else (low, middle)
    return low


# In and out


def deposit_asset(exchange: Exchange, item: InboxItem) -> Outcome:
    """Credit what L1 took in."""
    if rules_of(exchange, item.asset) is None:
        raise Refused(Code.ASSET_UNKNOWN, item.asset)
    portfolio = owner_of(exchange, item, exchange.asset_deposits.get(item.asset, 0))
    give(exchange, portfolio, item.asset, item.amount)
    paid_in = exchange.asset_deposits.get(item.asset, 0)
    exchange.asset_deposits[item.asset] = paid_in + item.amount
    return Outcome(notional=item.amount)


def check_asset(exchange: Exchange, portfolio: int, asset: int, amount: int) -> AssetRules:
    """Check that a portfolio is free to give an asset away."""
    check_free(exchange, portfolio, amount)
    rules = rules_of(exchange, asset)
    if rules is None:
        raise Refused(Code.ASSET_UNKNOWN, asset)
    return rules


def withdraw_asset(exchange: Exchange, account: int, action: WithdrawAsset) -> Outcome:
    """Move an asset out to the owner's address on L1."""
    portfolio = account << 8 | action.sub
    rules = check_asset(exchange, portfolio, action.asset, action.amount)
    if action.amount == 0:
        raise Refused(Code.AMOUNT, 1)
    most = may_leave(exchange, portfolio, action.asset)
    if action.amount > most:
        raise Refused(Code.BALANCE, action.amount, most)
    value = ceil(worth(exchange, rules, action.amount))
    if value > capacity_now(exchange):
        raise Refused(Code.VELOCITY, capacity_now(exchange), when_capable(exchange, value))
    return pay_asset_out(exchange, portfolio, rules, action.amount)


def force_asset(exchange: Exchange, item: InboxItem) -> Outcome:
    """Pay an owner the asset that he asked L1 for, as far as it may leave."""
    signer = exchange.signers.get(item.owner)
    if signer is None or signer.role != "owner":
        raise Refused(Code.SIGNER_UNKNOWN)
    portfolio = signer.account << 8 | item.sub
    rules = check_asset(exchange, portfolio, item.asset, item.amount)
    most = may_leave(exchange, portfolio, item.asset)
    amount: int = min(item.amount, most) if item.amount else most
    if amount == 0:
        raise Refused(Code.BALANCE, item.amount, most)
    capacity = capacity_now(exchange)
    value = ceil(worth(exchange, rules, amount))
    if value > capacity:
        amount = floor(amount * Fraction(capacity, value))
    if amount == 0:
        raise Refused(Code.VELOCITY, capacity, when_capable(exchange, 1))
    return pay_asset_out(exchange, portfolio, rules, amount)


def pay_asset_out(exchange: Exchange, portfolio: int, rules: AssetRules, amount: int) -> Outcome:
    """Let L1 owe an asset to the owner; what it is worth uses up capacity."""
    capacity = capacity_now(exchange) - ceil(worth(exchange, rules, amount))
    assert capacity >= 0
    exchange.capacity = min(capacity, largest_capacity(exchange))
    exchange.capacity_time = exchange.now
    take(exchange, portfolio, rules.asset, amount)
    owner = exchange.owners[portfolio >> 8]
    exchange.paid_out.append((owner, amount, exchange.now, rules.asset))
    return Outcome(order_id=len(exchange.paid_out) - 1, notional=amount)


def transfer_asset(exchange: Exchange, account: int, action: TransferAsset) -> Outcome:
    """Move an asset between two sub-accounts of one owner."""
    source, target = account << 8 | action.source, account << 8 | action.target
    check_asset(exchange, source, action.asset, action.amount)
    if action.amount == 0:
        raise Refused(Code.AMOUNT, 1)
    most = may_leave(exchange, source, action.asset)
    if action.amount > most:
        raise Refused(Code.BALANCE, action.amount, most)
    if source == target:
        raise Refused(Code.ACCOUNT_SELF)
    if not has_room(exchange, target, action.asset):
        raise Refused(Code.ASSETS_MAX, *full(exchange, target))
    check_closed(exchange, target)
    take(exchange, source, action.asset, action.amount)
    give(exchange, target, action.asset, action.amount)
    return Outcome(notional=action.amount)


def full(exchange: Exchange, portfolio: int) -> tuple[int, int]:
    """Return what a portfolio reads already: markets, and a mask of assets."""
    counted = exchange.counted.get(portfolio, set())
    return len(exchange.markets_of(portfolio)), sum(1 << (asset - 1) for asset in counted)


# Sales


def buy_collateral(exchange: Exchange, account: int, action: BuyCollateral) -> Outcome:
    """Buy what a vault holds, at half of the penalty below the index."""
    buyer = account << 8 | action.sub
    rules = rules_of(exchange, action.asset)
    if buyer not in exchange.balances:
        raise Refused(Code.MARGIN, 0, 0)
    if rules is None:
        raise Refused(Code.ASSET_UNKNOWN, action.asset)
    market = exchange.markets[rules.market]
    price = ceil(market.index * (1 - Fraction(rules.penalty_ppm, 2 * MILLION)))
    if market.state == PAUSED:
        raise Refused(Code.MARKET_STATE, PAUSED)
    if exchange.is_stale(rules.market):
        raise Refused(Code.ORACLE_STALE, rules.market)
    stale = [n for n in exchange.markets_of(buyer) if exchange.size_of(buyer, n)]
    for number in stale:
        if exchange.is_stale(number):
            raise Refused(Code.ORACLE_STALE, number)
    if price > action.price:
        raise Refused(Code.BAND, price)
    if buyer in exchange.flagged:
        raise Refused(Code.LIQUIDATING)
    cost = ceil(Fraction(action.amount * price, rules.lot_units))
    held = exchange.held(buyer, action.asset)
    margin = margin_of(exchange, buyer)
    have = margin.equity_initial - cost + lent_on(exchange, action.asset, held + action.amount)
    if action.asset in exchange.counted.get(buyer, set()):
        have -= lent_on(exchange, action.asset, held)
    if have < margin.initial:
        raise Refused(Code.MARGIN, margin.initial, have)
    if action.amount == 0:
        raise Refused(Code.AMOUNT, 1)
    if cost > exchange.balances[buyer]:
        raise Refused(Code.BALANCE, cost, exchange.balances[buyer])
    offered = exchange.held(rules.market, action.asset)
    if action.amount > offered:
        raise Refused(Code.VAULT_SHORT, action.amount, offered)
    if not has_room(exchange, buyer, action.asset):
        raise Refused(Code.ASSETS_MAX, *full(exchange, buyer))
    check_closed(exchange, buyer)
    trade(exchange, rules.market, buyer, action.asset, action.amount, cost)
    return Outcome(filled=action.amount, notional=cost)


def trade(exchange: Exchange, seller: int, buyer: int, asset: int, amount: int, paid: int) -> None:
    """Give an asset for money."""
    take(exchange, seller, asset, amount)
    give(exchange, buyer, asset, amount)
    exchange.credit(seller, paid)
    exchange.credit(buyer, -paid)


def owes_assets(exchange: Exchange, portfolio: int) -> bool:
    """Return whether a portfolio has a debt, and assets to pay it with."""
    return exchange.balances[portfolio] < 0 and bool(exchange.counted.get(portfolio))


def sell_for_debt(exchange: Exchange, portfolio: int) -> None:
    """Sell a slice of the first asset that its market's vault can pay for."""
    for asset in sorted(exchange.counted[portfolio]):
        rules = rules_of(exchange, asset)
        assert rules is not None
        market = exchange.markets[rules.market]
        if market.state == PAUSED or exchange.is_stale(rules.market):
            continue
        vault = rules.market
        able = vault in exchange.balances and vault not in exchange.flagged
        if not able or vault == portfolio or not has_room(exchange, vault, asset):
            continue
        unit = worth(exchange, rules, 1) * (1 - Fraction(rules.penalty_ppm, MILLION))
        amount = slice_units(exchange, rules, exchange.held(portfolio, asset))
        if unit:
            amount = min(amount, ceil(-exchange.balances[portfolio] / unit))
            amount = min(amount, floor(max(0, withdrawable(exchange, vault)) / unit))
        if amount:
            trade(exchange, portfolio, vault, asset, amount, ceil(amount * unit))
            return


def slice_units(exchange: Exchange, rules: AssetRules, held: int) -> int:
    """Return how much of ``held`` one slice is."""
    part = ceil(held * Fraction(exchange.rules.slice_ppm, MILLION))
    least = ceil(exchange.rules.slice_notional_min / worth(exchange, rules, 1))
    return min(held, max(part, least))


def surplus(exchange: Exchange, portfolio: int) -> int:
    """Return what assets would bring in a sale beyond what they count for."""
    found = 0
    for asset in exchange.counted.get(portfolio, set()):
        rules = rules_of(exchange, asset)
        assert rules is not None
        held = exchange.held(portfolio, asset)
        sold = worth(exchange, rules, held) * (1 - Fraction(rules.penalty_ppm, MILLION))
        found += ceil(sold) - kept_for(exchange, asset, held)
    return found
