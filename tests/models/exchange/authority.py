"""Who may act: signers, nonces, agents and their budgets, the guardian, and own leverage."""

from fractions import Fraction
from math import floor

from statemachine.actions import (
    FLAG_REDUCE_ONLY,
    Action,
    ApproveAgent,
    Bracket,
    Bulk,
    Cancel,
    CancelAll,
    ClosePosition,
    Kind,
    Modify,
    PlaceOrder,
    RevokeAgent,
    Scale,
    SetLeverage,
    SetMargin,
    SetMarketState,
    Transaction,
    Twap,
)
from statemachine.errors import Code
from statemachine.rules import NO_GUARDIAN
from tests.models.exchange.grace import resume
from tests.models.exchange.margin import margin_of
from tests.models.exchange.money import DAY_MS
from tests.models.exchange.settlement import settle
from tests.models.exchange.state import (
    ACTIVE,
    CANCEL_ONLY,
    MILLION,
    PAUSED,
    RAMP,
    SETTLED,
    Exchange,
    Outcome,
    Ramp,
    Refused,
    Signer,
)
from tests.models.exchange.trading import check_market

BUCKETS = 16
BUCKET_SIZE = 16
AGENT_KINDS = {
    Kind.ORDER,
    Kind.CANCEL,
    Kind.CANCEL_ALL,
    Kind.MODIFY,
    Kind.BULK,
    Kind.BRACKET,
    Kind.TWAP,
    Kind.CANCEL_AT,
    Kind.CLOSE,
    Kind.SCALE,
    Kind.SET_LEVERAGE,
}
ONE_MARKET = PlaceOrder | Cancel | CancelAll | Modify | Twap | Scale | ClosePosition | SetLeverage


# Who may act


def authorise(exchange: Exchange, transaction: Transaction, address: bytes) -> int:
    """Return the account a transaction acts for; from its nonce on, that nonce is burnt."""
    if not address:
        raise Refused(Code.SIGNATURE)
    signer = exchange.signers.get(address)
    if signer is None:
        raise Refused(Code.SIGNER_UNKNOWN)
    if signer.role == "revoked":
        raise Refused(Code.SIGNER_REVOKED)
    burn(exchange, address, transaction.nonce)
    now = exchange.now
    if transaction.expires_at and transaction.expires_at < now:
        raise Refused(Code.EXPIRED, transaction.expires_at, now)
    if signer.role == "agent":
        if signer.expires_at < now:
            raise Refused(Code.AGENT_EXPIRED, signer.expires_at, now)
        if not signer.kinds & 1 << transaction.kind:
            raise Refused(Code.AGENT_ACTION, transaction.kind)
        allowed = {market for market in range(64) if signer.markets & 1 << market}
        if allowed and not markets_of(transaction) <= allowed:
            raise Refused(Code.AGENT_MARKET, signer.markets)
        spend(exchange, signer, transaction.action)
    return signer.account


def markets_of(transaction: Transaction) -> set[int]:
    """Return the markets that a transaction names; "all of them" is a name of its own."""
    action = transaction.action
    if isinstance(action, Bulk):
        return {leg.market for leg in action.legs}
    if isinstance(action, Bracket):
        return {action.exits[0].market}
    if isinstance(action, ONE_MARKET):
        return {action.market}
    return set()


def added_by(action: Action) -> int:
    """Return what an action could add to positions, in micros."""
    match action:
        case PlaceOrder() | Modify() | Twap():
            return 0 if action.flags & FLAG_REDUCE_ONLY else action.price * action.size
        case Scale():
            highest = max(action.first, action.last)
            return 0 if action.flags & FLAG_REDUCE_ONLY else highest * action.size
        case Bulk():
            return sum(added_by(leg) for leg in action.legs)
        case Bracket(entry=PlaceOrder() as entry):
            return added_by(entry)
    return 0


def spend(exchange: Exchange, signer: Signer, action: Action) -> None:
    """Use up an agent's budgets of the day."""
    wanted = added_by(action)
    if wanted == 0 or not (signer.notional_max or signer.loss_max):
        return
    sub = action.sub if isinstance(action, ONE_MARKET | Bulk | Bracket) else 0
    made = 0
    portfolio = signer.account << 8 | sub
    if signer.loss_max and portfolio in exchange.balances:
        margin = margin_of(exchange, portfolio)
        made = margin.equity - margin.collateral - exchange.moved.get(portfolio, 0)
    today = exchange.now // DAY_MS
    if signer.day != today:
        signer.day, signer.notional, signer.sub, signer.start = today, 0, sub, made
    if signer.notional_max and signer.notional + wanted > signer.notional_max:
        raise Refused(Code.AGENT_NOTIONAL, signer.notional_max, signer.notional, wanted)
    loss = signer.start - made
    if signer.loss_max and (sub != signer.sub or loss >= signer.loss_max):
        raise Refused(Code.AGENT_LOSS, signer.loss_max, loss, signer.sub)
    if signer.notional_max:
        signer.notional += wanted


def floor_of(burnt: set[int], bucket: int) -> tuple[int, list[int]]:
    """Return a bucket's floor and what it still remembers: the highest of all ever burnt."""
    here = sorted(nonce for nonce in burnt if (nonce ^ nonce >> 10) % BUCKETS == bucket)
    forgotten, remembered = here[:-BUCKET_SIZE], here[-BUCKET_SIZE:]
    return max(forgotten, default=0), remembered


def burn(exchange: Exchange, address: bytes, nonce: int) -> None:
    """Use a nonce up, once and for all."""
    rules = exchange.rules
    time = nonce >> 10
    if not -rules.nonce_past_ms <= time - exchange.now <= rules.nonce_future_ms:
        raise Refused(Code.NONCE_TIME, time, exchange.now)
    burnt = exchange.burnt.setdefault(address, set())
    floor, _ = floor_of(burnt, (nonce ^ nonce >> 10) % BUCKETS)
    if nonce <= floor:
        raise Refused(Code.NONCE_LOW, floor)
    if nonce in burnt:
        raise Refused(Code.NONCE_USED, nonce)
    burnt.add(nonce)


def approve(exchange: Exchange, account: int, action: ApproveAgent) -> Outcome:
    """Let another key trade for an account."""
    for market in range(64):
        if action.markets & 1 << market and market not in exchange.markets:
            raise Refused(Code.MARKET_UNKNOWN, market)
    kinds = {kind for kind in range(32) if action.kinds & 1 << kind}
    if action.agent == bytes(20):
        raise Refused(Code.FIELD, 0)
    if action.expires_at <= exchange.now:
        raise Refused(Code.FIELD, 1)
    if not kinds or not kinds <= AGENT_KINDS:
        raise Refused(Code.FIELD, 2)
    if exchange.owners[account] == action.agent:
        raise Refused(Code.ACCOUNT_SELF)
    before = exchange.signers.get(action.agent)
    if before is not None and (before.role, before.account) != ("agent", account):
        raise Refused(Code.AGENT_USED)
    signer = exchange.signers.setdefault(action.agent, Signer(account, "agent"))
    signer.expires_at = action.expires_at
    signer.kinds, signer.markets = action.kinds, action.markets
    signer.notional_max, signer.loss_max = action.notional_max, action.loss_max
    return Outcome()


def revoke(exchange: Exchange, account: int, action: RevokeAgent) -> Outcome:
    """End a key's role for good."""
    signer = exchange.signers.get(action.agent)
    if signer is None or (signer.role, signer.account) != ("agent", account):
        raise Refused(Code.AGENT_UNKNOWN)
    signer.role = "revoked"
    return Outcome()


def set_leverage(exchange: Exchange, account: int, action: SetLeverage) -> Outcome:
    """Bound what a portfolio may hold in a market, by its own choice."""
    portfolio, number = account << 8 | action.sub, action.market
    if number not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, number)
    if action.leverage and exchange.markets[number].state == SETTLED:
        raise Refused(Code.MARKET_STATE, SETTLED)
    if portfolio not in exchange.balances:
        raise Refused(Code.MARGIN, 0, 0)
    if portfolio in exchange.funds and exchange.funds[portfolio].exiting:
        raise Refused(Code.LIQUIDATING, 1)
    check_market(exchange, portfolio, number)
    rate = exchange.markets[number].initial_ppm
    most = MILLION // rate if rate else 0
    if action.leverage > most:
        raise Refused(Code.LEVERAGE, most)
    before = exchange.leverage.pop((portfolio, number), 0)
    without = margin_of(exchange, portfolio).initial
    if before:
        exchange.leverage[portfolio, number] = before
        without = margin_of(exchange, portfolio).initial
        del exchange.leverage[portfolio, number]
    if action.leverage:
        exchange.leverage[portfolio, number] = action.leverage
    after = margin_of(exchange, portfolio)
    if after.initial > without and after.equity_initial < after.initial:
        exchange.leverage.pop((portfolio, number), None)
        if before:
            exchange.leverage[portfolio, number] = before
        raise Refused(Code.MARGIN, after.initial, after.equity_initial)
    return Outcome(args=(before,))


def set_margin(exchange: Exchange, address: bytes, action: SetMargin) -> Outcome:
    """Let the guardian announce margin rates."""
    check_guardian(exchange, address)
    if action.market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, action.market)
    market = exchange.markets[action.market]
    if market.state == SETTLED:
        raise Refused(Code.MARKET_STATE, SETTLED)
    wanted = action.initial_ppm, action.maintenance_ppm
    most = min([tier[1:] for tier in market.rules.tiers], default=(MILLION, MILLION))
    if wanted[1] == 0 or wanted[1] > min(wanted[0], most[1]) or wanted[0] > most[0]:
        raise Refused(Code.FIELD, *most)
    if market.ramp is not None:
        raise Refused(Code.RAMP, market.ramp.end)
    now = market.initial_ppm, market.maintenance_ppm
    if wanted == now:
        raise Refused(Code.NOTHING_TO_DO, *now)
    end = exchange.now + exchange.rules.ramp_notice_ms
    market.ramp = Ramp(now, wanted, exchange.now, end)
    exchange.arm(min(end, exchange.now + exchange.rules.ramp_step_ms), RAMP, action.market, 0)
    return Outcome(args=(*now, end))


def move_rates(exchange: Exchange, number: int) -> None:
    """Take the step that a market's margin rates are due."""
    market = exchange.markets[number]
    ramp = market.ramp
    if ramp is None:
        return
    share = Fraction(1)
    if exchange.now < ramp.end:
        share = Fraction(exchange.now - ramp.start, ramp.end - ramp.start)
    initial, maintenance = (
        floor(source * (1 - share) + target * share)
        for source, target in zip(ramp.source, ramp.target, strict=True)
    )
    market.initial_ppm, market.maintenance_ppm = initial, maintenance
    if share == 1:
        market.ramp = None
        return
    step = exchange.rules.ramp_step_ms
    after = ((exchange.now - ramp.start) // step + 1) * step
    exchange.arm(min(ramp.end, ramp.start + after), RAMP, number, 0)


def check_guardian(exchange: Exchange, address: bytes) -> None:
    """Refuse whoever is not the rules' guardian."""
    if exchange.rules.guardian in (NO_GUARDIAN, b"") or address != exchange.rules.guardian:
        raise Refused(Code.GUARDIAN)


def set_state(exchange: Exchange, address: bytes, action: SetMarketState) -> Outcome:
    """Let the guardian halt a market, let it go on, or end it."""
    check_guardian(exchange, address)
    if action.market not in exchange.markets:
        raise Refused(Code.MARKET_UNKNOWN, action.market)
    market = exchange.markets[action.market]
    before = market.state
    lowest = CANCEL_ONLY if market.rules.collateral_only else ACTIVE
    priced = {asset.market for asset in exchange.rules.assets}
    if (
        (action.state == SETTLED and action.market in priced)
        or action.state == before
        or not (ACTIVE <= before <= PAUSED and lowest <= action.state <= SETTLED)
    ):
        raise Refused(Code.MARKET_STATE, before)
    market.state = action.state
    if before == PAUSED:
        resume(exchange, market)
    if action.state == SETTLED:
        settle(exchange, market)
    return Outcome(args=(before,))
