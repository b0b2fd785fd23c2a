"""The auditor finds every entry that was tampered with: it is no use if it nods."""

from collections.abc import Callable

import pytest

from statemachine import keys
from statemachine.actions import PlaceOrder, Withdraw
from statemachine.records import (
    ROLE_AGENT,
    Market,
    Order,
    Portfolio,
    Position,
    Ramp,
    encode_account,
    encode_client_id,
    encode_due,
    encode_owned,
    encode_withdrawal,
)
from statemachine.state import State
from statemachine.units import Lots, Micros, Price
from tests.models.auditor import Found, audit
from tests.worlds import USDC, World

PRICE = 6_000_000
HOUR = 3_600_000


def good_world() -> World:
    """Return a world with a bit of everything: positions, orders, funding, a withdrawal."""
    world = World()
    world.open(3, PRICE)
    for trader, side, price, size, client in (
        (0, 0, PRICE, 100, b""),
        (1, 1, PRICE, 100, b""),
        (0, 0, PRICE - 1_000, 7, b"c" * 16),
        (0, 8 | 1, PRICE + 1_000, 9, b""),
        (2, 1, PRICE + 2_000, 3, b""),
    ):
        order = PlaceOrder(0, 0, side, Price(price), Lots(size), client)
        assert world.act(trader, order) == "OK"
    world.run(advance=HOUR)
    assert world.act(2, PlaceOrder(0, 0, 2, Price(PRICE + 1_000), Lots(1))) == "ORACLE_STALE"
    world.run(world.prices(0, PRICE), world.prices(1, PRICE))
    assert world.act(2, Withdraw(0, Micros(USDC))) == "OK"
    return world


def place_of(items: dict[bytes, bytes], table: int, number: int = 0) -> bytes:
    return [key for key in sorted(items) if key[0] == table][number]


def tamper_portfolio(change: Callable[[Portfolio], None]) -> Callable[[World], None]:
    def tamper(world: World) -> None:
        record = world.portfolio(0)
        change(record)
        world.store.values[record.key] = record.encode()

    return tamper


def tamper_position(change: Callable[[Position], None]) -> Callable[[World], None]:
    def tamper(world: World) -> None:
        record = world.position(0)
        assert record is not None
        change(record)
        world.store.values[record.key] = record.encode()

    return tamper


def tamper_market(change: Callable[[Market], None]) -> Callable[[World], None]:
    def tamper(world: World) -> None:
        record = world.market()
        change(record)
        world.store.values[record.key] = record.encode()

    return tamper


def tamper_order(change: Callable[[Order], None], number: int = 0) -> Callable[[World], None]:
    def tamper(world: World) -> None:
        key = place_of(world.store.values, keys.TABLE_ORDER, number)
        record = State(world.store, world.rules).order(key)
        assert record is not None
        change(record)
        world.store.values[key] = record.encode()

    return tamper


def tamper_ledger(name: str, by: int) -> Callable[[World], None]:
    def tamper(world: World) -> None:
        record = world.state.ledger()
        setattr(record, name, getattr(record, name) + by)
        world.store.values[record.key] = record.encode()

    return tamper


def write(key: bytes, value: bytes) -> Callable[[World], None]:
    return lambda world: world.store.values.update({key: value})


def drop(table: int, number: int = 0) -> Callable[[World], None]:
    return lambda world: drop_from(world.store.values, table, number)


def drop_from(items: dict[bytes, bytes], table: int, number: int) -> None:
    del items[place_of(items, table, number)]


def put(record: object, name: str, value: object) -> None:
    setattr(record, name, value)


def ramp_of_nobody() -> Ramp:
    return Ramp(keys.ramp_key(0), False, (50_000, 30_000), (60_000, 30_000), 1, 2)


TAMPERINGS: dict[str, Callable[[World], None]] = {
    "a micro more": tamper_portfolio(lambda p: put(p, "balance", p.balance + 1)),
    "a cost less": tamper_position(lambda p: put(p, "cost", p.cost - 1)),
    "a lot more": tamper_position(lambda p: put(p, "size", p.size + 1)),
    "funding settled unpaid": tamper_position(lambda p: put(p, "funding_index", 1)),
    "funding grown": tamper_market(lambda m: put(m, "funding_dust", m.funding_dust + 1)),
    "deficit": tamper_market(lambda m: put(m, "deficit", 1)),
    "open interest": tamper_market(lambda m: put(m, "open_interest", m.open_interest - 1)),
    "no mark": tamper_market(lambda m: put(m, "mark", 0)),
    "inactive with a price": tamper_market(lambda m: put(m, "state", 0)),
    "insurance": tamper_ledger("insurance", 1),
    "fees": tamper_ledger("fees", -1),
    "dust": tamper_ledger("dust", 1),
    "deposits": tamper_ledger("deposits", 1),
    "withdrawals": tamper_ledger("withdrawals", 1),
    "withdrawal count": tamper_ledger("next_withdrawal", 1),
    "account count": tamper_ledger("next_account", 1),
    "order count": tamper_ledger("next_sequence", -4),
    "due count": tamper_ledger("next_due", -6),
    "reserved bids": tamper_position(lambda p: put(p, "bids", p.bids + 1)),
    "reserved value": tamper_position(lambda p: put(p, "bids_value", p.bids_value - 1)),
    "reserved asks": tamper_position(lambda p: put(p, "asks", 9)),
    "orders of a position": tamper_position(lambda p: put(p, "orders", p.orders + 1)),
    "reduce-only count": tamper_position(lambda p: put(p, "reduce_only", 0)),
    "open orders": tamper_portfolio(lambda p: put(p, "open_orders", 1)),
    "markets": tamper_portfolio(lambda p: put(p, "markets", [])),
    "flag without a time": tamper_portfolio(lambda p: put(p, "flags", 1)),
    "time without a flag": tamper_portfolio(lambda p: put(p, "flagged_at", 1)),
    "remaining": tamper_order(lambda o: put(o, "remaining", o.remaining + 1)),
    "nothing remaining": tamper_order(lambda o: put(o, "remaining", 0)),
    "order flags": tamper_order(lambda o: put(o, "flags", 8)),
    "order of another": tamper_order(lambda o: put(o, "portfolio", 2 << 8)),
    "client hash gone": tamper_order(lambda o: put(o, "client_hash", bytes(8))),
    "client hash of another": tamper_order(lambda o: put(o, "client_hash", b"12345678")),
    "no order": drop(keys.TABLE_ORDER),
    "no owned order": drop(keys.TABLE_OWNED),
    "no client id": drop(keys.TABLE_CLIENT_ID),
    "no position": drop(keys.TABLE_POSITION),
    "no portfolio": drop(keys.TABLE_PORTFOLIO),
    "no account": drop(keys.TABLE_ACCOUNT),
    "no signer": drop(keys.TABLE_SIGNER),
    "no withdrawal": drop(keys.TABLE_WITHDRAWAL),
    "no due work": drop(keys.TABLE_DUE),
    "no market": drop(keys.TABLE_MARKET),
    "unknown table": write(b"\x77", b""),
    "owned elsewhere": write(keys.owned_key(1 << 8, 0, 3), encode_owned(0, PRICE - 2_000)),
    "owned by nobody": write(keys.owned_key(1 << 8, 0, 99), encode_owned(0, PRICE)),
    "stray client id": write(
        keys.client_id_key(1 << 8, b"87654321"), encode_client_id(b"x" * 16, 0, 3)
    ),
    "stray account": write(keys.account_key(77), encode_account(bytes(20))),
    "stray due work": write(keys.due_key(0, 1, 1), encode_due(1, 0, 0)),
    "slice of the unflagged": write(keys.due_key(0, 1, 1), encode_due(4, 0, 1 << 8)),
    "rates that nobody set": tamper_market(lambda m: put(m, "initial_ppm", 60_000)),
    "no maintenance": tamper_market(lambda m: put(m, "maintenance_ppm", 0)),
    "stray ramp": write(keys.ramp_key(0), ramp_of_nobody().encode()),
    "settled, yet margined": tamper_market(lambda m: put(m, "state", 5)),
    "stray settlement": write(keys.due_key(0, 1, 1), encode_due(6, 0, 0)),
    "stray rates": write(keys.due_key(0, 1, 1), encode_due(7, 0, 0)),
    "a clearing portfolio of a live market": write(
        keys.portfolio_key(64), Portfolio(keys.portfolio_key(64), False, 64).encode()
    ),
    "stray withdrawal": write(keys.withdrawal_key(9), encode_withdrawal(bytes(20), 1, 1)),
}


def test_a_good_state_passes() -> None:
    world = good_world()
    audit(world.store.values, world.rules)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_found(name: str) -> None:
    world = good_world()
    TAMPERINGS[name](world)
    with pytest.raises(Found):
        audit(world.store.values, world.rules)


def test_a_crossed_book_is_found() -> None:
    world = good_world()
    state = world.state
    key = place_of(world.store.values, keys.TABLE_ORDER)
    order = state.order(key)
    assert order is not None
    order.portfolio = 2 << 8
    value = order.encode()
    world.store.values[keys.order_key(0, keys.SELL, PRICE - 2_000, 1)] = value
    with pytest.raises(Found, match="I4"):
        audit(world.store.values, world.rules)


def test_an_owner_who_became_an_agent_is_found() -> None:
    world = good_world()
    key = place_of(world.store.values, keys.TABLE_SIGNER)
    signer = world.state.signer(key[1:])
    assert signer is not None
    signer.role = ROLE_AGENT
    world.store.values[key] = signer.encode()
    with pytest.raises(Found, match="owners differ"):
        audit(world.store.values, world.rules)
