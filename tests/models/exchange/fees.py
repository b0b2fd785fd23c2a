"""Fees: tiers by volume, the ramp, and who gets a share of what takers pay."""

from fractions import Fraction
from math import ceil, floor

from statemachine.actions import ApproveBuilder, SetReferrer
from statemachine.errors import Code
from tests.models.exchange.money import DAY_MS, repay
from tests.models.exchange.state import MILLION, Exchange, Market, Outcome, Refused

DAYS = 14
VOLUME_TOP = 2**64 - 1


# Volume


def today(exchange: Exchange) -> int:
    """Return the day, counted from 1970."""
    return exchange.now // DAY_MS


def last_of(exchange: Exchange, portfolio: int) -> tuple[int, int]:
    """Return the last day that a portfolio was active, and what it has traded on it."""
    day = exchange.active.get(portfolio, 0)
    return day, min(VOLUME_TOP, exchange.traded.get((portfolio, day), 0))


def lately(exchange: Exchange, account: int) -> int:
    """Return an owner's volume of the 14 days before today, as far as it is known."""
    return sum(exchange.volumes.get((account, today(exchange) - back), 0) for back in range(1, 15))


def tier_for(exchange: Exchange, volume: int) -> int:
    """Return how many tiers a volume reaches."""
    return sum(volume >= above for above, _, _ in exchange.rules.fee_tiers)


def tier_now(exchange: Exchange, portfolio: int) -> int:
    """Return the tier that a portfolio has today, or would have with an order now."""
    day, traded = last_of(exchange, portfolio)
    if day == today(exchange):
        return exchange.tiers.get(portfolio, 0)
    unknown = traded if today(exchange) - day <= DAYS else 0
    return tier_for(exchange, lately(exchange, portfolio >> 8) + unknown)


def report(exchange: Exchange, portfolio: int) -> None:
    """Let a portfolio's owner know, once a day, what it traded when it was last active."""
    now = today(exchange)
    day, traded = last_of(exchange, portfolio)
    if day == now:
        return
    account = portfolio >> 8
    if traded and now - day <= DAYS:
        known = exchange.volumes.get((account, day), 0)
        exchange.volumes[account, day] = min(VOLUME_TOP, known + traded)
        exchange.noted[account] = now
    exchange.active[portfolio] = now
    exchange.tiers[portfolio] = tier_for(exchange, lately(exchange, account))
    exchange.told[portfolio] = exchange.referrers.get(account, 0)


def count(exchange: Exchange, portfolio: int, notional: int) -> None:
    """Count a trade."""
    place = portfolio, today(exchange)
    exchange.traded[place] = exchange.traded.get(place, 0) + notional


# Rates, in ppm


def share_of(exchange: Exchange, tier: int, which: int) -> Fraction:
    """Return the share of the base rate that a tier leaves: 1 the makers', 2 the takers'."""
    return Fraction(exchange.rules.fee_tiers[tier - 1][which] if tier else MILLION, MILLION)


def discounted(rate: int, share: Fraction) -> int:
    """Return a fee's rate times a share, up; a rebate's times 2 less the share, down."""
    return ceil(rate * share) if rate >= 0 else -floor(-rate * (2 - share))


def maker_rate(exchange: Exchange, market: Market, portfolio: int) -> int:
    """Return what a maker pays."""
    tier = exchange.tiers.get(portfolio, 0)
    return discounted(market.rules.maker_ppm, share_of(exchange, tier, 1))


def taker_rate(exchange: Exchange, market: Market, portfolio: int) -> int:
    """Return what a taker pays, but for the ramp."""
    share = share_of(exchange, tier_now(exchange, portfolio), 2)
    return discounted(market.rules.taker_ppm, share)


def ramp_rate(exchange: Exchange, market: Market, rate: int) -> int:
    """Return what a taker pays on top for a while after a halt or a jump."""
    since = max(market.resumed_at, market.jumped_at)
    length = exchange.rules.fee_ramp_ms
    passed = exchange.now - since
    if not since or passed >= length:
        return 0
    times = 1 + (exchange.rules.fee_ramp_factor - 1) * (1 - Fraction(passed, length))
    return min(MILLION, ceil(rate * times)) - rate


# Shares


def approved(exchange: Exchange, account: int, builder: int) -> int:
    """Return what a builder may ask an account for."""
    most = exchange.rules.builder_ppm_max
    return min(most, exchange.builders.get((account, builder), 0))


def check_builder(exchange: Exchange, portfolio: int, builder: int, asked: int) -> None:
    """Check that an order's builder may ask for so much."""
    most = approved(exchange, portfolio >> 8, builder)
    if asked > most:
        raise Refused(Code.BUILDER, most, asked)


def book(exchange: Exchange, market: Market, own: int, maker_fee: int, ramp: int) -> int:
    """Take what a trade brought; return what of it a referrer has a share of."""
    left = repay(market, own + maker_fee)
    exchange.fees += left
    exchange.insurance += repay(market, ramp)
    return min(left, own + min(0, maker_fee))


def pay_shares(exchange: Exchange, payer: int, builder: int, owed: int, referable: int) -> None:
    """Give builder and referrer theirs."""
    if owed:
        exchange.credit(builder << 8, owed)
    referrer = exchange.told.get(payer, 0)
    share = floor(referable * Fraction(exchange.rules.referral_ppm, MILLION))
    if referrer and share:
        exchange.fees -= share
        exchange.credit(referrer << 8, share)


def set_referrer(exchange: Exchange, account: int, action: SetReferrer) -> Outcome:
    """Say who brought an account."""
    before = exchange.referrers.get(account, 0)
    others = set(exchange.owners) - {account}
    if before or action.referrer not in others:
        raise Refused(Code.REFERRER, before)
    exchange.referrers[account] = action.referrer
    portfolio = account << 8 | action.sub
    if portfolio in exchange.balances:
        exchange.told[portfolio] = action.referrer
    return Outcome()


def approve_builder(exchange: Exchange, account: int, action: ApproveBuilder) -> Outcome:
    """Let a builder ask an account for a fee."""
    most = exchange.rules.builder_ppm_max
    if action.builder not in exchange.owners:
        raise Refused(Code.FIELD, action.builder)
    if action.max_fee_ppm > most:
        raise Refused(Code.BUILDER, most, action.max_fee_ppm)
    if action.builder == account:
        raise Refused(Code.ACCOUNT_SELF)
    exchange.builders.pop((account, action.builder), None)
    if action.max_fee_ppm:
        exchange.builders[account, action.builder] = action.max_fee_ppm
    return Outcome()
