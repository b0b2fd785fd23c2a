"""Who is deleveraged, in what order, at what price, and what insurance pays before."""

import pytest

from statemachine.events import (
    STAGE_DEFICIT,
    STAGE_DELEVERAGE,
    STAGE_FLAGGED,
    STAGE_INSURANCE,
    STAGE_SLICE,
    Deleveraged,
)
from statemachine.keys import BUY, SELL
from statemachine.risk.deleverage import bankruptcy_price
from statemachine.risk.margin import Margin, margin_of
from tests.models.auditor import audit
from tests.unit.tail.scene import (
    MAKER,
    PRICE,
    SELLER,
    VICTIM,
    fall,
    order,
    poke,
    stages,
    world_of,
)
from tests.worlds import FREE_LOANS, USDC


def test_who_gained_most_is_deleveraged_first_at_the_zero_price() -> None:
    world = world_of(size=2_000, amount=640 * USDC)
    for number, price in ((5, PRICE + 50_000), (6, PRICE + 20_000), (7, PRICE + 50_000)):
        world.deposit(number, 100_000 * USDC)
        world.run(world.prices(0, price))
        order(world, MAKER, BUY, price, 500)
        order(world, number, SELL, price, 500)
    fall(world, PRICE - 400_000)  # lost 800 of 639
    before = margin_of(world.state, world.portfolio(VICTIM))
    assert before.equity < 0
    assert poke(world) == "OK"
    assert world.last is not None
    cuts = [e for e in world.last.events if isinstance(e, Deleveraged)]
    names = [world.account(trader) << 8 for trader in (5, 7, 6, SELLER)]
    assert [cut.portfolio for cut in cuts] == names
    assert [cut.size for cut in cuts] == [-500, -500, -500, -500]
    position_mm = before.maintenance
    zero = bankruptcy_price(PRICE - 400_000, 2_000, position_mm, before, before.equity)
    assert {cut.price for cut in cuts} == {zero}
    assert PRICE - 400_000 < zero < PRICE
    assert (STAGE_DELEVERAGE, 2_000) in stages(world)
    after = world.portfolio(VICTIM)
    assert 0 <= after.balance < 2_000  # what rounding in its favour left
    assert world.market().deficit == 0


def test_at_most_eight_in_a_step_and_none_who_has_not_gained() -> None:
    world = world_of(size=2_000, amount=640 * USDC, victims_max=2)
    for number in range(5, 9):
        world.deposit(number, 100_000 * USDC)
        world.run()
        price = PRICE + 10_000 * number
        order(world, MAKER, BUY, price, 100)
        order(world, number, SELL, price, 100)
    fall(world, PRICE - 400_000)
    assert poke(world) == "OK"
    cuts = []
    for _ in range(2):
        assert world.last is not None
        cuts.append([e.portfolio >> 8 for e in world.last.events if isinstance(e, Deleveraged)])
        world.run(advance=100)
    # The rest in steps of their own, as due work of the next block.
    names = [world.account(trader) for trader in (8, 7, 6, 5, SELLER)]
    assert cuts == [names[:2], names[2:]]


def test_insurance_is_asked_before_the_winners_up_to_its_daily_cap() -> None:
    world = world_of(size=2_000, amount=640 * USDC, insurance_daily_max=1_000 * USDC, **FREE_LOANS)
    world.insure(5_000 * USDC)
    fall(world, PRICE - 400_000)
    order(world, MAKER, BUY, PRICE - 400_000, 50_000)
    assert poke(world) == "OK"
    seen = stages(world)
    for _ in range(20):
        world.run(world.prices(0, PRICE - 400_000), advance=world.rules.slice_interval_ms)
        seen += stages(world)
        audit(world.store.values, world.rules)
    kinds = [stage for stage, _ in seen]
    assert STAGE_INSURANCE in kinds
    assert STAGE_DELEVERAGE not in kinds
    assert STAGE_DEFICIT not in kinds
    used = world.state.vault(0)
    assert used.insured == 5_000 * USDC - world.state.ledger().insurance > 0


def test_insurance_pays_with_each_slice_and_promises_nothing_twice() -> None:
    world = world_of(size=2_000, amount=640 * USDC, **FREE_LOANS)
    world.insure(1_000 * USDC)
    fall(world, PRICE - 400_000)
    before = margin_of(world.state, world.portfolio(VICTIM))
    order(world, MAKER, BUY, PRICE - 400_000, 50_000)
    assert poke(world) == "OK"
    kinds = [stage for stage, _ in stages(world)]
    assert kinds == [STAGE_FLAGGED, STAGE_SLICE, STAGE_INSURANCE]
    # A fifth was sold, at the mark: a fifth of what is missing is paid, and E/MM stays.
    paid = 1_000 * USDC - world.state.ledger().insurance
    assert paid == -before.equity // 5
    after = margin_of(world.state, world.portfolio(VICTIM))
    assert abs(after.equity * before.maintenance - before.equity * after.maintenance) < (
        2 * before.maintenance
    )


def test_beyond_the_cap_of_insurance_winners_pay_the_rest() -> None:
    world = world_of(size=2_000, amount=640 * USDC, insurance_daily_max=100 * USDC)
    world.insure(5_000 * USDC)
    fall(world, PRICE - 400_000)
    before = margin_of(world.state, world.portfolio(VICTIM)).equity
    assert before < -100 * USDC
    assert poke(world) == "OK"
    assert [stage for stage, _ in stages(world)][1:3] == [STAGE_DELEVERAGE, STAGE_INSURANCE]
    paid = 5_000 * USDC - world.state.ledger().insurance
    assert 100 * USDC - 2_000 <= paid <= 100 * USDC
    assert world.market().deficit == 0


@pytest.mark.parametrize(
    ("size", "equity", "price"),
    [
        (7, -1_000_000, 1_030_004),
        (-7, -1_000_000, 970_002),
        (7, -1, 1_000_004),
        (-7, -1, 1_000_002),
    ],
)
def test_zero_prices_below_zero_equity(size: int, equity: int, price: int) -> None:
    own = 210_001  # 3% of 7 lots at 1,000,003
    assert bankruptcy_price(1_000_003, size, own, Margin(0, 0, 1_000_000, 0), equity) == price
