"""Sold withdrawals and caps: who is paid, once, and never more than may leave."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.contract import inbox
from prover.contract.bank import escrow_of
from prover.contract.calls import (
    BuyWithdrawal,
    CancelOffer,
    ClaimWithdrawal,
    Deposit,
    OfferWithdrawal,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.events import WithdrawalPaid, WithdrawalSold
from prover.contract.withdrawals import sale_of
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import encode_withdrawal
from tests.escape_worlds import LENDER, StoppedExchange, busy_exchange, owner
from tests.l1_worlds import (
    CHALLENGER,
    CHEAT,
    GENESIS_MS,
    PROPOSER,
    STAKED,
    USER,
    WINDOW_MS,
    L1World,
    deployment,
    output_with,
    refused_in_order,
    true_output,
)

C = ContractCode
AMOUNT = 2_000_000
PRICE = 1_990_000
DAY = 86_400_000


class Market:
    """A pending claim with a withdrawal of the user's, index 4; 50 USDC in escrow."""

    def __init__(
        self, amount: int = AMOUNT, seller: bytes = USER, asset: int = 0, **rules: Any
    ) -> None:
        self.world = L1World(deployment(**rules))
        self.world.deposit(50_000_000)
        self.leaf = encode_withdrawal(seller, amount, GENESIS_MS, asset)
        self.tree = Tree.from_items(
            [(withdrawal_key(4), self.leaf), (withdrawal_key(5), b"broken")]
        )
        self.world.append()
        self.sale = sale_of(4, self.leaf)
        self.claim = self.propose(self.tree)
        self.until = self.world.time + DAY

    def propose(self, tree: Tree, parent: int = 0) -> int:
        output, trace = output_with(self.world.state.claims[parent].output, tree.root)
        made = self.world.call(PROPOSER, propose_output(parent, output, trace))
        assert made.ok, made
        return made.value

    def proof(self, index: int = 4) -> bytes:
        recording = RecordingTree(self.tree)
        recording.get(withdrawal_key(index))
        return recording.witness({})

    def offer(self, **changes: Any) -> OfferWithdrawal:
        named: dict[str, Any] = {
            "claim": self.claim,
            "index": 4,
            "price": PRICE,
            "until": self.until,
            "proof": self.proof(),
        }
        return OfferWithdrawal(**named | changes)

    def settle(self) -> ClaimWithdrawal:
        self.world.wait(WINDOW_MS)
        return ClaimWithdrawal(self.claim, 4, self.proof())

    def tokens(self, *people: bytes) -> list[int]:
        return [self.world.state.account_of(one).token for one in people]


def test_a_withdrawal_is_sold_before_its_claim_is_final() -> None:
    market = Market()
    world = market.world
    user, buyer = market.tokens(USER, CHALLENGER)
    assert world.call(USER, market.offer()).value == PRICE
    sold = world.call(CHALLENGER, BuyWithdrawal(market.sale, PRICE))
    assert sold.events == (WithdrawalSold(market.sale, 4, CHALLENGER, PRICE),)
    assert market.tokens(USER, CHALLENGER) == [user + PRICE, buyer - PRICE]
    paid = world.call(CHEAT, market.settle())
    assert paid.events == (WithdrawalPaid(4, CHALLENGER, AMOUNT, 0),)
    assert market.tokens(USER, CHALLENGER) == [user + PRICE, buyer - PRICE + AMOUNT]
    again = world.call(CHALLENGER, market.settle())
    assert again.code is C.WITHDRAWAL_PAID


def test_an_offer_that_nobody_took_changes_nothing() -> None:
    market = Market()
    assert market.world.call(USER, market.offer()).ok
    paid = market.world.call(CHEAT, market.settle())
    assert paid.events == (WithdrawalPaid(4, USER, AMOUNT, 0),)
    code = market.world.call(CHALLENGER, BuyWithdrawal(market.sale, PRICE)).code
    assert code is C.WITHDRAWAL_PAID


def test_offer_refuses_in_code_order() -> None:
    market = Market()
    wrong = market.world.propose(lie=1)
    assert market.world.convict(wrong).ok
    market.offer()
    refused_in_order(
        market.world,
        [
            (C.CLAIM_UNKNOWN, lambda _: (USER, market.offer(claim=99))),
            (C.CLAIM_DEAD, lambda _: (USER, market.offer(claim=wrong))),
            (C.PROOF, lambda _: (USER, market.offer(proof=b"junk"))),
            (C.PROOF, lambda _: (USER, market.offer(claim=0))),
            (C.PROOF, lambda _: (USER, market.offer(index=5, proof=market.proof(5)))),
            (C.WITHDRAWAL_UNKNOWN, lambda _: (USER, market.offer(index=6, proof=market.proof(6)))),
            (C.NOT_OWNER, lambda _: (CHEAT, market.offer())),
            (C.OFFER_EXPIRED, lambda _: (USER, market.offer(until=market.world.time))),
        ],
    )


def test_buy_and_cancel_refuse_in_code_order() -> None:
    market = Market()
    world = market.world
    assert world.call(USER, market.offer(price=200_000_000)).ok
    buy = BuyWithdrawal(market.sale, PRICE)
    refused_in_order(
        world,
        [
            (C.TOKEN_BALANCE, lambda _: (CHALLENGER, buy)),
            (C.NOT_OWNER, lambda _: (CHALLENGER, CancelOffer(market.sale))),
            (C.OFFER_UNKNOWN, lambda _: (CHALLENGER, BuyWithdrawal(bytes(32), PRICE))),
            (C.OFFER_UNKNOWN, lambda _: (USER, CancelOffer(bytes(32)))),
        ],
    )
    assert world.call(USER, market.offer(price=PRICE + 1)).ok
    assert world.call(CHALLENGER, buy).code is C.PRICE_MAX
    assert world.call(USER, market.offer(until=world.time + 2_000)).ok
    world.wait(5_000)
    assert world.call(CHALLENGER, buy).code is C.OFFER_EXPIRED
    assert world.call(USER, market.offer()).ok
    assert world.call(USER, CancelOffer(market.sale)).value == 4
    assert world.call(CHALLENGER, buy).code is C.OFFER_UNKNOWN
    assert world.call(USER, market.offer()).ok
    assert world.call(CHALLENGER, buy).ok
    refused_in_order(
        world,
        [
            (C.SOLD, lambda _: (CHEAT, buy)),
            (C.SOLD, lambda _: (USER, CancelOffer(market.sale))),
            (C.SOLD, lambda _: (USER, market.offer())),
        ],
    )


def test_nobody_buys_under_a_dead_claim() -> None:
    market = Market()
    world = market.world
    assert world.call(USER, market.offer()).ok
    output, _ = true_output(world.state.claims[0].output)
    assert output != world.state.claims[market.claim].output
    assert world.convict(market.claim).ok
    buy = BuyWithdrawal(market.sale, PRICE)
    assert world.call(CHALLENGER, buy).code is C.CLAIM_DEAD


def test_a_sale_is_of_one_leaf_and_pays_out_no_other() -> None:
    """A false claim in which withdrawal 4 is the cheat's sells nothing of the true owner's."""
    market = Market()
    world = market.world
    false_leaf = encode_withdrawal(CHEAT, AMOUNT, GENESIS_MS)
    false_tree = Tree.from_items([(withdrawal_key(4), false_leaf)])
    false_claim = market.propose(false_tree)
    recording = RecordingTree(false_tree)
    recording.get(withdrawal_key(4))
    offer = market.offer(claim=false_claim, proof=recording.witness({}))
    assert world.call(CHEAT, offer).ok
    assert world.call(CHALLENGER, BuyWithdrawal(sale_of(4, false_leaf), PRICE)).ok
    assert world.call(USER, market.offer()).ok
    paid = world.call(CHALLENGER, market.settle())
    assert paid.events == (WithdrawalPaid(4, USER, AMOUNT, 0),)


def test_a_sold_withdrawal_counts_for_its_buyer_after_a_freeze() -> None:
    exchange = StoppedExchange(busy_exchange())
    leaf = exchange.tree.get(withdrawal_key(0))
    assert leaf is not None
    proof = exchange.withdrawal_call(0).proof
    until = exchange.l1.time + 100 * DAY
    offer = OfferWithdrawal(exchange.claim, 0, 1_000_000, until, proof)
    assert exchange.l1.call(owner(LENDER), offer).ok
    assert exchange.l1.call(CHALLENGER, BuyWithdrawal(sale_of(0, leaf), 1_000_000)).ok
    exchange.open()
    made = exchange.call(exchange.withdrawal_call(0))
    assert made.ok
    assert exchange.l1.state.owed[CHALLENGER].equity == made.value
    assert owner(LENDER) not in exchange.l1.state.owed


# Caps


def capped(amounts: list[int], asset: int = 0, **rules: Any) -> tuple[L1World, Iterator[Any]]:
    """Return a world with a final claim of these withdrawals, and the calls that claim them."""
    world = L1World(deployment(exit_period_ms=100_000, **rules))
    world.deposit(50_000_000)
    assert world.call(USER, Deposit(USER, 0, 40_000_000, STAKED)).ok
    leaves = [encode_withdrawal(USER, amount, GENESIS_MS, asset) for amount in amounts]
    tree = Tree.from_items((withdrawal_key(i), leaf) for i, leaf in enumerate(leaves))
    world.append()
    output, trace = output_with(world.state.claims[0].output, tree.root)
    claim = world.call(PROPOSER, propose_output(0, output, trace)).value
    world.wait(WINDOW_MS)

    def calls() -> Iterator[ClaimWithdrawal]:
        for index in range(len(amounts)):
            recording = RecordingTree(tree)
            recording.get(withdrawal_key(index))
            yield ClaimWithdrawal(claim, index, recording.witness({}))

    return world, calls()


def test_no_more_leaves_than_may_and_it_is_made_up_for() -> None:
    world, calls = capped([3_000_000, 3_000_000], exit_micros_min=5_000_000, exit_ppm=1)
    first, second = calls
    assert world.call(USER, first).ok
    refused = world.call(USER, second)
    assert refused.code is C.CAP_DAY
    told = int(refused.message.rsplit(" ", 1)[1])
    world.time = told - 1_001
    assert world.call(USER, second).code is C.CAP_DAY
    world.time = told - 1_000
    assert world.call(USER, second).ok


def test_a_payment_larger_than_the_cap_waits_and_is_whole() -> None:
    world, calls = capped([1_000_000, 9_000_000, 1], exit_micros_min=5_000_000, exit_ppm=1)
    small, large, last = calls
    assert world.call(USER, small).ok
    assert world.call(USER, large).code is C.CAP_DAY
    world.wait(20_000)
    assert world.call(USER, large).ok
    assert world.call(USER, last).code is C.CAP_DAY
    world.wait(100_000)
    assert world.call(USER, last).ok


def test_the_cap_grows_with_the_escrow() -> None:
    world, calls = capped([10_000_001, 10_000_000, 1], exit_micros_min=1, exit_ppm=200_000)
    over, fits, rest = calls
    assert world.call(USER, fits).ok
    assert world.call(USER, over).code is C.CAP_DAY
    assert world.call(USER, rest).code is C.CAP_DAY


def test_an_asset_has_a_cap_of_its_own() -> None:
    world, calls = capped([500_000, 5_001], asset=STAKED, exit_micros_min=1, exit_ppm=10_000)
    first, second = calls
    assert world.call(USER, first).ok
    assert world.call(USER, second).code is C.CAP_DAY


def test_an_asset_that_is_taken_no_more_can_still_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules may lower what the escrow takes of an asset; what it holds leaves as before."""
    world, calls = capped([500_000, 100_000], asset=STAKED, exit_micros_min=1, exit_ppm=250_000)
    held, (first, second) = 40_000_000, calls
    lowered = [replace(each, cap=each.deposit_min) for each in world.rules.rules.assets]
    now = replace(world.rules.rules, assets=tuple(lowered))
    monkeypatch.setattr(inbox, "rules_now", lambda _context: now)
    assert world.call(USER, Deposit(USER, 0, 1_000_000, STAKED)).code is C.CAP
    assert world.call(USER, first).ok
    bucket = world.state.exits[STAKED]
    assert bucket.used == 500_000
    world.wait(world.rules.exit_period_ms // 20)
    assert world.call(USER, second).ok
    assert world.state.exits[STAKED].used == 100_000, "made up for at the pace of what is held"
    assert escrow_of(world.state, STAKED) == held - 600_000


def test_no_penny_holds_up_a_payment_larger_than_the_cap() -> None:
    amounts = [100_001, 50_001, 9_000_000, 1]
    world, calls = capped(amounts, exit_micros_min=5_000_000, exit_ppm=1)
    part, penny, large, last = calls
    assert world.call(USER, part).ok
    assert world.call(USER, large).code is C.CAP_DAY, "1 % and a micro are to be made up for"
    world.wait(10_000)
    assert world.call(USER, penny).ok
    world.time -= 999  # claimed just before, in the same block
    assert world.call(USER, large).ok
    assert world.call(USER, last).code is C.CAP_DAY


@given(
    amounts=st.lists(st.integers(1, 4_000_000), min_size=1, max_size=12),
    waits=st.lists(st.integers(1, 60_000), min_size=12, max_size=12),
)
def test_whatever_is_asked_for_when_the_cap_holds_over_any_time(
    amounts: list[int], waits: list[int]
) -> None:
    """In any span at most the cap leaves, and what it makes up for meanwhile."""
    cap, period = 4_000_000, 100_000
    world, calls = capped(amounts, exit_micros_min=cap, exit_ppm=1)
    left: list[tuple[int, int]] = []
    for call, amount, wait in zip(calls, amounts, waits, strict=False):
        world.wait(wait)
        if world.call(USER, call).ok:
            left.append((world.time, amount))
    for start in range(len(left)):
        for end in range(start, len(left)):
            span = left[end][0] - left[start][0]
            out = sum(amount for _, amount in left[start : end + 1])
            assert out <= cap + cap * span // period + len(left)


@pytest.mark.parametrize("ppm", [1_000_001])
def test_a_cap_is_a_part(ppm: int) -> None:
    with pytest.raises(ValueError, match="exit_ppm"):
        deployment(exit_ppm=ppm)
