"""Backstop vaults: what they take over, and who joins and leaves them."""

from statemachine.actions import Poke, VaultDeposit, VaultWithdraw
from statemachine.events import STAGE_BACKSTOP
from statemachine.keys import BUY
from statemachine.risk.margin import margin_of
from statemachine.risk.vaults import SHARES_MIN, shares_for, values_of
from statemachine.stakes import (
    SHARES_BOUGHT,
    SHARES_DELAYED,
    SHARES_LOST,
    SHARES_NOTICE,
    SHARES_PAID,
)
from statemachine.units import Micros
from tests.models.auditor import audit
from tests.unit.tail.scene import (
    BACKER,
    MAKER,
    POKER,
    PRICE,
    SELLER,
    VICTIM,
    back,
    fall,
    order,
    poke,
    shares_events,
    stages,
    vault_of,
    world_of,
)
from tests.worlds import USDC


def test_the_vault_takes_a_position_over_with_its_share_of_the_margin() -> None:
    world = world_of()
    assert back(world) == "OK"
    fall(world, PRICE - 300_000)  # E = 98, MM = 513, CO = 342
    before = margin_of(world.state, world.portfolio(VICTIM))
    assert 0 <= before.equity < before.closeout
    assert poke(world) == "OK"
    assert (STAGE_BACKSTOP, 3_000) in stages(world)
    assert world.position(VICTIM) is None
    assert world.portfolio(VICTIM).balance == 0
    vault, backer = vault_of(world)
    assert backer is not None
    assert values_of(world.state, backer, world.market())[0] == 100_000 * USDC + before.equity
    assert vault.unwinding == 1
    # Slice by slice, it sells what it took, near mark.
    order(world, MAKER, BUY, PRICE - 301_000, 100_000)
    for _ in range(30):
        world.run(world.prices(0, PRICE - 300_000), advance=world.rules.slice_interval_ms)
        audit(world.store.values, world.rules)
    vault, backer = vault_of(world)
    assert vault.unwinding == 0
    assert backer is not None
    assert backer.markets == []


def test_a_vault_that_would_fall_below_its_margin_takes_nothing() -> None:
    world = world_of()
    assert back(world, 700 * USDC) == "OK"  # IM of the position would be 855
    fall(world, PRICE - 300_000)
    assert poke(world) == "OK"
    assert STAGE_BACKSTOP not in [stage for stage, _ in stages(world)]
    assert vault_of(world)[0].unwinding == 0


def test_deposits_and_exits_of_a_vault_in_code_order() -> None:
    world = world_of()
    assert world.act(BACKER, VaultDeposit(0, 9, Micros(USDC))) == "MARKET_UNKNOWN"
    assert world.act(BACKER, VaultDeposit(7, 0, Micros(USDC))) == "BALANCE"
    assert world.act(BACKER, VaultDeposit(0, 0, Micros(1))) == "AMOUNT"
    assert world.act(BACKER, VaultDeposit(0, 0, Micros(1 << 60))) == "BALANCE"
    assert back(world) == "OK"
    assert shares_events(world) == [(SHARES_BOUGHT, 10**11, 10**11)]
    assert world.act(BACKER, VaultWithdraw(0, 9, 1)) == "MARKET_UNKNOWN"
    assert world.act(BACKER, VaultWithdraw(0, 0, 10**11 + 1)) == "SHARES"
    assert world.act(MAKER, VaultWithdraw(0, 0, 0)) == "SHARES"
    world.run(world.prices(0, PRICE), advance=70_000)
    world.run(advance=70_000)
    assert world.act(BACKER, VaultDeposit(0, 0, Micros(USDC))) == "ORACLE_STALE"
    assert world.act(BACKER, VaultWithdraw(0, 0, 10**10)) == "OK"
    assert shares_events(world) == [(SHARES_NOTICE, 10**10, 0)]
    balance = world.portfolio(BACKER).balance
    world.run(advance=9_000)
    assert shares_events(world) == []
    world.run(advance=1_000)
    assert shares_events(world) == [(SHARES_PAID, 10**10, 10**10)]
    assert world.portfolio(BACKER).balance == balance + 10**10
    audit(world.store.values, world.rules)


def test_deposits_pay_the_higher_value_and_exits_get_the_lower() -> None:
    world = world_of()
    assert back(world) == "OK"
    fall(world, PRICE - 300_000)
    assert poke(world) == "OK"
    # Mark and index part: the book says more than the index.
    market = world.market()
    market.mark += 20_000
    world.store.apply({market.key: market.encode()})
    vault, backer = vault_of(world)
    assert backer is not None
    low, high = values_of(world.state, backer, world.market())
    assert high - low == 3_000 * 20_000
    held = vault.shares
    world.store.apply({market.key: market.encode()})
    transaction = world.sign(MAKER, VaultDeposit(0, 0, Micros(1_000 * USDC)))
    world.run(transaction, advance=10)
    assert world.last is not None
    assert world.last.receipts[0].filled == 1_000 * USDC * held // high
    assert shares_for(held, high, 1_000 * USDC) < shares_for(held, low, 1_000 * USDC)


def test_an_exit_waits_while_the_margin_is_in_use() -> None:
    world = world_of()
    assert back(world, 1_000 * USDC) == "OK"
    fall(world, PRICE - 300_000)
    assert poke(world) == "OK"
    assert world.act(BACKER, VaultWithdraw(0, 0, 0)) == "OK"
    world.run(world.prices(0, PRICE - 300_000), advance=10_000)
    assert shares_events(world)[0][0] == SHARES_DELAYED
    order(world, MAKER, BUY, PRICE - 300_000, 100_000)
    seen = []
    for _ in range(40):
        world.run(world.prices(0, PRICE - 300_000), advance=world.rules.slice_interval_ms)
        audit(world.store.values, world.rules)
        seen += [stage for stage, _, _ in shares_events(world)]
    assert seen[-1] == SHARES_PAID
    vault, backer = vault_of(world)
    assert vault.shares == 0
    assert backer is not None
    assert backer.balance == 0


def test_a_vault_that_lost_everything_starts_again() -> None:
    world = world_of(rank_notional_min=1 << 62)
    assert back(world, 1_000 * USDC) == "OK"
    fall(world, PRICE - 300_000)
    assert poke(world) == "OK"
    assert world.act(BACKER, VaultWithdraw(0, 0, 10**8)) == "OK"
    low = PRICE - 900_000
    fall(world, low)
    assert world.act(MAKER, VaultDeposit(0, 0, Micros(100 * USDC))) == "VAULT_SHORT"
    order(world, MAKER, BUY, low - 10_000, 100_000)
    assert world.act(POKER, Poke(0, 0)) == "OK"
    seen: list[int] = []
    for _ in range(60):
        world.run(world.prices(0, low), advance=world.rules.slice_interval_ms)
        audit(world.store.values, world.rules)
        seen += [stage for stage, _, _ in shares_events(world)]
    vault, _ = vault_of(world)
    assert (vault.shares, vault.epoch) == (0, 1)
    assert SHARES_LOST in seen
    assert world.act(BACKER, VaultWithdraw(0, 0, 0)) == "SHARES"
    assert back(world, 50 * USDC) == "OK"
    assert vault_of(world)[0].shares == 50 * USDC


def test_void_shares_on_notice_are_not_paid_in_the_next_epoch() -> None:
    """His notice outlives the vault; what he then comes in with is no ticket for what he lost."""
    notice = 200_000
    world = world_of(rank_notional_min=1 << 62, vault_notice_ms=notice)
    assert back(world, 1_000 * USDC) == "OK"
    fall(world, PRICE - 300_000)
    assert poke(world) == "OK"
    low = PRICE - 900_000
    fall(world, low)
    order(world, MAKER, BUY, low - 10_000, 100_000)
    assert world.act(POKER, Poke(0, 0)) == "OK"
    slices = 0
    while vault_of(world)[0].epoch == 0:
        slices += 1
        if slices == 8:
            assert world.act(BACKER, VaultWithdraw(0, 0, 999 * 10**6)) == "OK"
        world.run(world.prices(0, low), advance=world.rules.slice_interval_ms)
    assert back(world, 1_000 * USDC, SELLER) == "OK"
    assert back(world, 10 * USDC) == "LOCKED"
    assert world.last is not None
    assert world.last.receipts[0].args == (world.cursor.time + notice,)
    before = world.portfolio(BACKER).balance
    seen: list[tuple[int, int, int]] = []
    while not seen:
        world.run(world.prices(0, low), advance=world.rules.slice_interval_ms)
        audit(world.store.values, world.rules)
        seen = shares_events(world)
    assert seen == [(SHARES_LOST, 999 * 10**6, 0)]
    assert back(world, 10 * USDC) == "OK"
    assert world.act(BACKER, VaultWithdraw(0, 0, 0)) == "OK"
    for _ in range(8):
        world.run(world.prices(0, low), advance=world.rules.slice_interval_ms)
        audit(world.store.values, world.rules)
    assert world.portfolio(BACKER).balance == before
    assert vault_of(world)[0].shares == 1_000 * USDC


def test_a_dear_share_takes_nothing_from_who_comes_in() -> None:
    """The first depositor keeps few shares, makes them dear, and waits for who buys one."""
    world = world_of()
    assert back(world, 10 * USDC) == "OK"
    assert world.act(BACKER, VaultWithdraw(0, 0, 10 * USDC - 1)) == "SHARES"
    assert world.act(BACKER, VaultWithdraw(0, 0, 10 * USDC - SHARES_MIN)) == "OK"
    world.run(advance=world.rules.slice_interval_ms)
    assert vault_of(world)[0].shares == SHARES_MIN
    # As by positions of his own that the vault takes over with their margin.
    _, backer = vault_of(world)
    ledger = world.state.ledger()
    assert backer is not None
    gift = 1_000 * USDC
    backer.balance += gift
    ledger.settled += gift
    ledger.deposits += gift
    world.store.apply({record.key: record.encode() for record in (backer, ledger)})
    assert back(world, gift - USDC, SELLER) == "SHARES"
    paid = gift + gift // 2
    assert back(world, paid, SELLER) == "OK"
    assert world.act(SELLER, VaultWithdraw(0, 0, 0)) == "OK"
    world.run(advance=world.rules.slice_interval_ms)
    lost = 10_000_000 * USDC - world.portfolio(SELLER).moved
    assert 0 <= lost <= paid // SHARES_MIN
