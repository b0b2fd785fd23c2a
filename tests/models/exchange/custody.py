"""Money in and out, and who may move it: inbox, withdrawals, transfers, agents, nonces."""

from statemachine.actions import (
    ApproveAgent,
    Bulk,
    Cancel,
    CancelAll,
    Kind,
    Modify,
    PlaceOrder,
    RevokeAgent,
    Transaction,
    Transfer,
    Withdraw,
)
from statemachine.errors import Code
from statemachine.inbox import InboxItem
from tests.models.exchange.margin import withdrawable
from tests.models.exchange.state import Exchange, Outcome, Refused, Signer

DEPOSITS_LIMIT = 2**64
ACCOUNTS_LIMIT = 2**32 - 1
BUCKETS = 16
BUCKET_SIZE = 16
AGENT_KINDS = {Kind.ORDER, Kind.CANCEL, Kind.CANCEL_ALL, Kind.MODIFY, Kind.BULK}


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
    return signer.account


def markets_of(transaction: Transaction) -> set[int]:
    """Return the markets that a transaction names; "all of them" is a name of its own."""
    action = transaction.action
    if isinstance(action, Bulk):
        return {leg.market for leg in action.legs}
    if isinstance(action, PlaceOrder | Cancel | CancelAll | Modify):
        return {action.market}
    return set()


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
    exchange.signers[action.agent] = Signer(
        account, "agent", action.expires_at, action.kinds, action.markets
    )
    return Outcome()


def revoke(exchange: Exchange, account: int, action: RevokeAgent) -> Outcome:
    """End a key's role for good."""
    signer = exchange.signers.get(action.agent)
    if signer is None or (signer.role, signer.account) != ("agent", account):
        raise Refused(Code.AGENT_UNKNOWN)
    signer.role = "revoked"
    return Outcome()


# Money


def deposit(exchange: Exchange, item: InboxItem) -> Outcome:
    """Credit an owner, who gets an account with his first deposit."""
    signer = exchange.signers.get(item.owner)
    new = signer is None or signer.role != "owner"
    if item.amount <= 0:
        raise Refused(Code.AMOUNT, 1)
    if exchange.deposits + item.amount >= DEPOSITS_LIMIT:
        raise Refused(Code.OVERFLOW)
    if new and len(exchange.owners) + 1 >= ACCOUNTS_LIMIT:
        raise Refused(Code.OVERFLOW)
    if signer is None or new:
        # Whatever the address was before, for whomever, it is its own owner now.
        signer = Signer(len(exchange.owners) + 1, "owner")
        exchange.signers[item.owner] = signer
        exchange.owners[signer.account] = item.owner
    portfolio = signer.account << 8 | item.sub
    exchange.balances[portfolio] = exchange.balances.get(portfolio, 0) + item.amount
    exchange.deposits += item.amount
    return Outcome(notional=item.amount)


def check_free(exchange: Exchange, portfolio: int, amount: int) -> None:
    """Check that a portfolio exists, has fresh prices and is not being closed."""
    if portfolio not in exchange.balances:
        raise Refused(Code.BALANCE, amount, 0)
    for market in exchange.markets_of(portfolio):
        if exchange.is_stale(market):
            raise Refused(Code.ORACLE_STALE, market)
    if portfolio in exchange.flagged:
        raise Refused(Code.LIQUIDATING)


def force_withdrawal(exchange: Exchange, item: InboxItem) -> Outcome:
    """Pay an owner what he asked L1 for, as far as it may leave; 0 asks for all."""
    signer = exchange.signers.get(item.owner)
    if signer is None or signer.role != "owner":
        raise Refused(Code.SIGNER_UNKNOWN)
    portfolio = signer.account << 8 | item.sub
    check_free(exchange, portfolio, item.amount)
    most = withdrawable(exchange, portfolio)
    amount = most if item.amount == 0 else min(item.amount, most)
    if amount <= 0:
        raise Refused(Code.BALANCE, item.amount, most)
    return pay_out(exchange, portfolio, amount)


def withdraw(exchange: Exchange, account: int, action: Withdraw) -> Outcome:
    """Move money out to the owner's address on L1."""
    portfolio = account << 8 | action.sub
    check_free(exchange, portfolio, action.amount)
    least = exchange.rules.withdrawal_min
    everything = action.amount == exchange.balances[portfolio]
    if action.amount == 0 or (action.amount < least and not everything):
        raise Refused(Code.AMOUNT, least)
    most = withdrawable(exchange, portfolio)
    if action.amount > most:
        raise Refused(Code.BALANCE, action.amount, most)
    return pay_out(exchange, portfolio, action.amount)


def pay_out(exchange: Exchange, portfolio: int, amount: int) -> Outcome:
    """Make a debt of L1's out of a balance; withdrawals are numbered from 0."""
    exchange.balances[portfolio] -= amount
    exchange.paid_out.append((exchange.owners[portfolio >> 8], amount, exchange.now))
    return Outcome(order_id=len(exchange.paid_out) - 1, notional=amount)


def transfer(exchange: Exchange, account: int, action: Transfer) -> Outcome:
    """Move money between two sub-accounts of one owner."""
    source = account << 8 | action.source
    target = account << 8 | action.target
    check_free(exchange, source, action.amount)
    if action.amount == 0:
        raise Refused(Code.AMOUNT, 1)
    most = withdrawable(exchange, source)
    if action.amount > most:
        raise Refused(Code.BALANCE, action.amount, most)
    if source == target:
        raise Refused(Code.ACCOUNT_SELF)
    exchange.balances[source] -= action.amount
    exchange.balances[target] = exchange.balances.get(target, 0) + action.amount
    return Outcome(notional=action.amount)
