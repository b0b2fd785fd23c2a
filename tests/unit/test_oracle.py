"""Oracle updates and the mark: every outcome, and the formulas against plain arithmetic."""

from fractions import Fraction
from itertools import permutations

import pytest

from statemachine.actions import OracleMessage, OracleUpdate, PlaceOrder, Transaction
from statemachine.actions import encode_transaction as encode
from statemachine.errors import Code
from statemachine.events import PriceChanged
from statemachine.identity.signing import oracle_digest, sign_digest
from statemachine.keys import market_key
from statemachine.pricing.mark import BASIS_SHIFT, INDEX_LIMIT, recompute_mark
from statemachine.receipts import Receipt
from statemachine.step import Step
from statemachine.units import Lots, Millis, Price
from tests.models.auditor import audit
from tests.worlds import PUBLISHER_KEYS, World, world_rules

PRICE = 6_000_000
AGE = world_rules().oracle_age_ms_max
DRIFT = world_rules().drift_ms

Said = tuple[int, int, int]
"""Publisher, price, and time as a difference to the block's."""


def say(world: World, *said: Said, market: int = 0, signer: int | None = None) -> Receipt:
    """Run an update of these messages in a block of its own."""
    now = world.now + 100
    messages = []
    for publisher, price, after in said:
        time = now + after
        key = PUBLISHER_KEYS[(publisher if signer is None else signer) % 3]
        signature = sign_digest(key, oracle_digest(world.domain, market, price, time))
        messages.append(OracleMessage(publisher, Price(price), Millis(time), signature))
    update = OracleUpdate(market, tuple(messages))
    transaction = Transaction(update, 0, 0, b"", encode(update, 0, 0, b""))
    receipt = world.run(transaction, advance=100).receipts[0]
    if market == 0:
        audit(world.store.values, world.rules)
    return receipt


@pytest.mark.parametrize(
    ("market", "said", "signer", "code"),
    [
        (2, (0, PRICE, 0), None, Code.MARKET_UNKNOWN),
        (0, (0, 0, 0), None, Code.PRICE_RANGE),
        (0, (0, INDEX_LIMIT, 0), None, Code.PRICE_RANGE),
        (0, (3, PRICE, 0), None, Code.PUBLISHER),
        (0, (0, PRICE, 0), 1, Code.PUBLISHER),
        (0, (0, PRICE, DRIFT + 1), None, Code.MESSAGE_TIME),
        (0, (0, PRICE, -100), None, Code.MESSAGE_OLD),  # as old as the one it has
        (0, (0, PRICE, -99), None, Code.OK),
        (0, (0, PRICE, DRIFT), None, Code.OK),
        (0, (0, INDEX_LIMIT - 1, 0), None, Code.OK),
    ],
)
def test_updates_in_code_order(market: int, said: Said, signer: int | None, code: Code) -> None:
    world = World()
    world.now += 1_000
    assert say(world, (0, PRICE, 0)).name == "OK"
    before = world.state.oracle(0).encode()
    assert say(world, said, market=market, signer=signer).name == code.name
    assert (world.state.oracle(0).encode() == before) == (code != Code.OK)


def test_a_bad_message_is_passed_over_and_the_first_one_explains_a_failure() -> None:
    world = World()
    mixed = say(world, (0, 0, 0), (1, 5, 0), (0, 7, DRIFT + 1), (2, 9, 0))
    assert (mixed.name, mixed.args) == ("OK", ())
    assert world.state.oracle(0).prices[:3] == [0, 5, 9]
    assert world.market().index == 5
    none = say(world, (0, 7, DRIFT + 1), (1, 0, 0))
    assert (none.name, none.args[0]) == ("MESSAGE_TIME", 0)


def test_a_publisher_is_heard_once_a_time_and_the_newest_counts() -> None:
    world = World()
    assert say(world, (0, 5, -1), (0, 7, 0), (0, 9, -1), (1, 8, 0)).name == "OK"
    assert world.state.oracle(0).prices[:2] == [7, 8]


@pytest.mark.parametrize(
    ("said", "index"),
    [
        ([(0, 10, 0)], 0),  # too few
        ([(0, 10, 0), (1, 20, 0)], 10),  # lower median
        ([(0, 30, 0), (1, 20, 0), (2, 10, 0)], 20),
        ([(0, 30, 0), (1, 20, 0), (2, 25, -AGE)], 25),  # just fresh
        ([(0, 30, 0), (1, 20, 0), (2, 10, -AGE - 1)], 20),  # stale: lower median of two
        ([(0, 30, 0), (1, 40, 0), (2, 10, -AGE - 1)], 30),
        ([(0, 30, 0), (1, 40, -AGE - 1), (2, 10, -AGE - 1)], 0),
    ],
)
def test_index_is_the_lower_median_of_the_fresh(said: list[Said], index: int) -> None:
    states = set()
    for order in permutations(said):
        world = World()
        world.now += 2 * AGE
        say(world, *order)
        assert world.market().index == index
        assert world.market().state == (1 if index else 0)
        states.add(world.store.get(market_key(0)))
    assert len(states) == 1  # I13: the order of publishers changes nothing


def test_index_is_as_old_as_the_message_it_could_not_do_without() -> None:
    world = World()
    world.now += AGE
    say(world, (0, PRICE, -3_000), (1, PRICE, -2_000), (2, PRICE, -1_000))
    assert world.market().index_time == world.now - 2_000
    say(world, (2, PRICE, DRIFT), (1, PRICE, DRIFT))
    assert world.market().index_time == world.now


def place(world: World, trader: int, side: int, price: int, size: int = 10) -> None:
    order = PlaceOrder(0, 0, side, Price(price), Lots(size))
    assert world.act(trader, order) == "OK"


def test_mark_is_the_median_of_fair_book_and_index_within_its_bound() -> None:
    world = World()
    world.open(2, PRICE)
    assert world.market().mark == PRICE  # an empty book: the index
    place(world, 0, 0, PRICE + 20_000)
    place(world, 1, 1, PRICE + 40_000)
    world.run(world.prices(0, PRICE + 1), advance=100)
    assert world.market().mark == PRICE + 1  # fair = index: no basis yet
    basis = Fraction(0)
    for _ in range(200):
        world.run(world.prices(0, PRICE + 1))
        world.run(advance=900)
        basis += (29_999 - basis) * Fraction(1_000, 150_000)
        assert abs(world.market().basis - basis * 2**BASIS_SHIFT) < 200
    # The book term is its median with the last price (none: the index), so the best bid.
    assert world.market().mark == PRICE + 20_000
    # A fall of the index takes the mark along, no further away than IMF / 2.
    low = PRICE // 2
    world.run(world.prices(0, low))
    world.run(world.prices(0, low + 1))
    assert world.market().mark <= low + 1 + (low + 1) * 50_000 // 2_000_000


@pytest.mark.parametrize(
    ("bid", "ask", "last", "basis", "mark"),
    [
        (0, 0, 0, -100, 0),
        (0, 0, 50, 100, 0),  # no book: the index against the index and fair
        (-90, 0, 50, -100, 0),  # a side is missing
        (0, 90, 50, 100, 0),
        (-90, 90, 0, -100, 0),  # never traded: the index stands for the last price
        (-90, 90, 0, 100, 0),
        (-90, 90, 50, 100, 50),
        (-90, 90, 200, 100, 90),
        (-90, 90, -200, -100, -90),
        (-90, 90, -50, 100, 0),
        (50, 90, -50, 100, 50),
        (50, 90, 70, 60, 60),
    ],
)
def test_mark_of_one_moment(bid: int, ask: int, last: int, basis: int, mark: int) -> None:
    """All in ticks from the index; a side of 0 is empty, a last of 0 is none."""
    world = World()
    world.open(2, PRICE)
    for side, away in ((0, bid), (1, ask)):
        if away:
            place(world, side, side, PRICE + 10 * away)
    state = world.state
    market = state.market(0)
    market.last = PRICE + 10 * last if last else 0
    market.basis = 10 * basis << BASIS_SHIFT
    recompute_mark(Step(state), market)
    assert market.mark == PRICE + 10 * mark


def test_mark_stays_within_half_the_initial_margin() -> None:
    world = World()
    world.open(2, PRICE)
    place(world, 0, 0, PRICE + 170_000)
    place(world, 1, 1, PRICE + 179_000)
    for _ in range(500):
        world.run(advance=900)
        world.run(world.prices(0, PRICE))
    market = world.market()
    assert market.basis >> BASIS_SHIFT <= 150_000
    assert PRICE + 140_000 < market.mark <= PRICE + 150_000
    # A gap of a whole window leaves of the basis what one sample makes.
    world.run(advance=200_000)
    assert world.market().basis >> BASIS_SHIFT == 1_000


def test_basis_decays_when_a_side_is_missing_and_over_missed_samples() -> None:
    world = World()
    world.open(2, PRICE)
    market = world.market()
    market.basis = 150_000 << BASIS_SHIFT
    market.sample_time = world.now
    world.store.apply({market.key: market.encode()})
    place(world, 0, 0, PRICE)
    world.now = market.sample_time
    world.run(advance=1_000)
    assert world.market().basis == (149_000 << BASIS_SHIFT)
    world.run(advance=75_000 + 1_000)
    assert abs(world.market().basis / 2**BASIS_SHIFT - 149_000 / 2 * 149 / 150) < 1


def test_a_taker_does_not_move_the_mark_within_his_block() -> None:
    world = World()
    world.open(3, PRICE)
    place(world, 0, 1, PRICE + 100_000)
    place(world, 0, 0, PRICE - 100_000)
    mark = world.market().mark
    take = PlaceOrder(0, 0, 2, Price(PRICE + 100_000), Lots(10))
    result = world.run(world.sign(2, take), world.prices(0, PRICE), advance=10)
    assert world.market().mark == mark
    assert world.market().last == PRICE + 100_000
    marks = [e.mark for e in result.events if isinstance(e, PriceChanged)]
    assert marks == [mark]
