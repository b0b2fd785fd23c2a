"""Items of the L1 inbox: every outcome, in the order of the codes."""

import pytest

from statemachine.actions import ApproveAgent, CancelAll, PlaceOrder, RevokeAgent, Withdraw
from statemachine.errors import Code
from statemachine.events import AgentChanged, BalanceChanged
from statemachine.handlers.agents import KINDS_ALLOWED
from statemachine.handlers.deposit import ACCOUNTS_LIMIT, DEPOSITS_LIMIT
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.keys import LEDGER_KEY, portfolio_key, withdrawal_key
from statemachine.receipts import Receipt
from statemachine.records import decode_withdrawal
from statemachine.units import Lots, Micros, Millis, Price
from tests.models.auditor import audit
from tests.worlds import USDC, World, trader_key

PRICE = 6_000_000


def consume(world: World, item: InboxItem) -> Receipt:
    """Let the next block take ``item``; return its receipt."""
    world.inbox.append(item)
    result = world.run()
    audit(world.store.values, world.rules)
    return next(receipt for receipt in result.receipts if receipt.leg == 255)


def deposit(trader: int, amount: int, sub: int = 0) -> InboxItem:
    owner = address_of(trader_key(trader))
    return InboxItem(InboxKind.DEPOSIT, owner, sub, Micros(amount), Millis(0))


def forced(trader: int, amount: int, sub: int = 0) -> InboxItem:
    owner = address_of(trader_key(trader))
    return InboxItem(InboxKind.FORCED_WITHDRAW, owner, sub, Micros(amount), Millis(0))


def approve(agent: int, world: World) -> ApproveAgent:
    expiry = Millis(world.now + 1_000_000)
    return ApproveAgent(address_of(trader_key(agent)), expiry, KINDS_ALLOWED, 0)


def test_first_deposit_opens_an_account_and_later_ones_find_it() -> None:
    world = World()
    receipt = consume(world, deposit(0, 5))
    assert (receipt.name, receipt.notional) == ("OK", 5)
    assert consume(world, deposit(1, 7)).name == "OK"
    assert consume(world, deposit(0, 11, sub=255)).name == "OK"
    assert consume(world, deposit(0, 13)).name == "OK"
    assert world.account(0) == 1
    assert world.account(1) == 2
    assert world.portfolio(0).balance == 18
    assert world.portfolio(0, sub=255).balance == 11
    ledger = world.state.ledger()
    assert (ledger.deposits, ledger.next_account) == (36, 3)
    assert world.last is not None
    (event,) = [e for e in world.last.events if isinstance(e, BalanceChanged)]
    assert (event.portfolio, event.amount, event.reference) == (1 << 8, 13, 3)


@pytest.mark.parametrize(
    ("amount", "deposits", "accounts", "code"),
    [
        (0, 0, 1, Code.AMOUNT),
        (1, DEPOSITS_LIMIT - 1, 1, Code.OVERFLOW),
        (1, 0, ACCOUNTS_LIMIT - 1, Code.OK),
        (1, DEPOSITS_LIMIT - 2, 1, Code.OK),
    ],
)
def test_deposits_in_code_order(amount: int, deposits: int, accounts: int, code: Code) -> None:
    world = World()
    ledger = world.state.ledger()
    ledger.deposits = deposits
    ledger.next_account = accounts
    world.store.apply({LEDGER_KEY: ledger.encode()})
    world.inbox.append(deposit(0, amount))
    receipt = world.run().receipts[0]
    assert receipt.code == code
    if code != Code.OK:
        assert world.state.ledger().encode() == ledger.encode()
        assert world.state.signer(address_of(trader_key(0))) is None


@pytest.mark.parametrize("revoked", [False, True])
def test_a_deposit_for_an_agent_makes_it_an_owner_for_good(*, revoked: bool) -> None:
    world = World()
    world.open(1, PRICE)
    assert world.act(0, approve(5, world)) == "OK"
    if revoked:
        assert world.act(0, RevokeAgent(address_of(trader_key(5)))) == "OK"
    assert consume(world, deposit(5, 10 * USDC)).name == "OK"
    assert world.last is not None
    changed = [e for e in world.last.events if isinstance(e, AgentChanged)]
    assert len(changed) == (0 if revoked else 1)
    # It signs for its own account, with its own money, and nobody can approve it again.
    assert world.account(5) == 2
    assert world.portfolio(0).balance == 100_000 * USDC
    assert world.act(5, Withdraw(0, Micros(10 * USDC))) == "OK"
    assert world.act(0, approve(5, world)) == "AGENT_USED"
    assert world.act(0, RevokeAgent(address_of(trader_key(5)))) == "AGENT_UNKNOWN"
    audit(world.store.values, world.rules)


def trading_world() -> World:
    """Return a world in which trader 0 is long, trader 1 short, and trader 3 an agent of 0."""
    world = World()
    world.open(3, PRICE, 1_000 * USDC)
    buy = PlaceOrder(0, 0, 0, Price(PRICE), Lots(100))
    sell = PlaceOrder(0, 0, 1, Price(PRICE), Lots(100))
    assert world.codes(world.sign(0, buy)) == ["OK"]
    assert world.codes(world.sign(1, sell)) == ["OK"]
    assert world.act(0, approve(3, world)) == "OK"
    return world


@pytest.mark.parametrize(
    ("trader", "amount", "sub", "code", "paid"),
    [
        (9, 1, 0, Code.SIGNER_UNKNOWN, 0),  # nobody
        (3, 1, 0, Code.SIGNER_UNKNOWN, 0),  # an agent is no owner
        (2, 1, 7, Code.BALANCE, 0),  # a sub-account never opened
        (2, 300 * USDC, 0, Code.OK, 300 * USDC),
        (2, 1, 0, Code.OK, 1),  # below the minimum: L1's own cost is bound enough
        (2, 5_000 * USDC, 0, Code.OK, 1_000 * USDC),  # as much as may leave
        (2, 0, 0, Code.OK, 1_000 * USDC),  # all
    ],
)
def test_forced_withdrawals_in_code_order(
    trader: int, amount: int, sub: int, code: Code, paid: int
) -> None:
    world = trading_world()
    receipt = consume(world, forced(trader, amount, sub))
    assert (receipt.code, receipt.notional) == (code, paid)
    if paid:
        data = world.store.get(withdrawal_key(receipt.order_id))
        assert data is not None
        assert decode_withdrawal(data) == (address_of(trader_key(trader)), paid, world.now, 0)
        assert world.portfolio(trader).balance == 1_000 * USDC - paid


def test_forced_withdrawal_leaves_the_initial_margin() -> None:
    world = trading_world()
    receipt = consume(world, forced(0, 0))
    # 100 lots at 6 USDC: 600 of notional, 5% of it stays, and the fee is gone.
    assert receipt.notional == 1_000 * USDC - 60_000 - 30 * USDC
    assert consume(world, forced(0, 0)).name == "BALANCE"


def test_forced_withdrawal_waits_for_prices_unless_there_is_no_position() -> None:
    world = trading_world()
    world.run(advance=3_600_000)
    receipt = consume(world, forced(0, 0))
    assert (receipt.name, receipt.args) == ("ORACLE_STALE", (0,))
    assert consume(world, forced(2, 0)).name == "OK"


def test_forced_withdrawal_is_refused_in_liquidation() -> None:
    world = trading_world()
    portfolio = world.portfolio(2)
    portfolio.flags, portfolio.flagged_at = 1, world.now
    world.store.apply({portfolio_key(portfolio.portfolio): portfolio.encode()})
    world.inbox.append(forced(2, 0))
    assert world.run().receipts[0].code == Code.LIQUIDATING


def test_no_item_stops_a_block() -> None:
    world = trading_world()
    world.inbox += [forced(9, 1), deposit(4, 10), forced(9, 0), deposit(2, 10)]
    result = world.run(world.sign(2, CancelAll(0, 0)))
    assert [receipt.name for receipt in result.receipts] == [
        "SIGNER_UNKNOWN",
        "OK",
        "SIGNER_UNKNOWN",
        "OK",
        "OK",
    ]
