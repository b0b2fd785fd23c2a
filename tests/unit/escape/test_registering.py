"""What is owed, to whom, by a proof that nobody can fake."""

from dataclasses import replace

import pytest

from prover.contract.calls import (
    Call,
    ClaimWithdrawal,
    OpenEscape,
    PayEscape,
    RefundDeposit,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
)
from prover.contract.codes import ContractCode
from prover.contract.events import PortfolioRegistered
from prover.contract.withdrawals import sale_of
from prover.equity import ShareKind, equity_of, worth_of_portfolio
from statemachine.actions import CancelAll
from statemachine.actions.kinds import MARKET_EVERY
from statemachine.keys import POOL_KEY, withdrawal_key
from statemachine.records import decode_pool, encode_withdrawal
from statemachine.risk.funds import fund_of
from statemachine.state import State
from tests.escape_worlds import (
    ESCAPE_MS,
    FUND,
    LEADER,
    LENDER,
    UNITS,
    StoppedExchange,
    busy_exchange,
    owner,
    stopped,
)
from tests.exchange_vectors.assets import LOT, STAKED
from tests.exchange_vectors.scene import MAKER, MID, OTHER, TRADER
from tests.l1_worlds import PROPOSER, USER, refused_in_order
from tests.worlds import USDC, World

C = ContractCode


def test_worth_adds_up_to_what_was_paid_in() -> None:
    """What all portfolios are worth, with the exchange's own, is what it holds: to the unit."""
    exchange = stopped()
    state = State(exchange.tree, exchange.rules)
    total = 0
    for key in exchange.world.store.values:
        if key[0] == 0x20:
            portfolio = state.portfolio(int.from_bytes(key[1:6], "big"))
            assert portfolio is not None
            total += equity_of(state, portfolio)
    ledger = state.ledger()
    pool_data = exchange.tree.get(POOL_KEY)
    assert pool_data is not None
    pool = decode_pool(pool_data)
    total += ledger.insurance + ledger.fees + ledger.dust + pool.supplied
    units = UNITS * MID // LOT
    assert total == ledger.deposits - ledger.withdrawals + units


def test_a_debtor_cannot_hide_his_negative_portfolio() -> None:
    exchange = stopped()
    exchange.open()
    account = exchange.world.account(TRADER)
    good, bad = (exchange.portfolio_call(account, sub) for sub in (1, 0))
    made = exchange.l1.call(USER, good)
    assert (made.ok, made.value) == (True, 50 * USDC)
    made = exchange.l1.call(PROPOSER, bad)
    assert made.ok
    registered = made.events[-1]
    assert isinstance(registered, PortfolioRegistered)
    assert (registered.equity, registered.owed) == (0, 0)
    assert registered.debt == made.value > 0
    books = exchange.l1.state.books.record
    assert books is not None
    assert books.claims == 0
    exchange.l1.wait(ESCAPE_MS)
    assert exchange.call(PayEscape(owner(TRADER))).code is C.NO_CLAIM


def test_open_orders_count_for_nothing() -> None:
    exchange = stopped()
    account = exchange.world.account(MAKER)
    before = worth_of_portfolio(exchange.world.state, account, 0)
    assert exchange.world.portfolio(MAKER).open_orders == 1
    world: World = exchange.world
    assert world.act(MAKER, CancelAll(0, MARKET_EVERY)) == "OK"
    assert worth_of_portfolio(world.state, account, 0) == before


def test_nothing_is_counted_twice_and_no_stranger_is_counted() -> None:
    exchange = stopped()
    exchange.open()
    calls = list(exchange.claims())
    kinds = {type(call) for call in calls}
    assert kinds == {RegisterPortfolio, RegisterShare, RegisterWithdrawal}
    for call in calls:
        assert exchange.call(call).ok
    for call in calls:
        assert exchange.call(call).code in {C.REGISTERED, C.WITHDRAWAL_PAID}
    account = exchange.world.account(OTHER)
    leader = exchange.world.account(LEADER)
    nobody: list[Call] = [
        exchange.portfolio_call(0, 0),
        exchange.portfolio_call(leader, FUND),
        exchange.portfolio_call(account, 7),
        exchange.portfolio_call(account - 1, 256),
        exchange.share_call(ShareKind.VAULT, account, 1),
        exchange.share_call(ShareKind.VAULT, account, 9),
        exchange.share_call(ShareKind.FUND, account, leader << 8 | FUND + 1),
        exchange.share_call(ShareKind.POOL, account, 0),
        exchange.share_call(ShareKind.POOL, exchange.world.account(LENDER), 1),
        exchange.share_call(9, account, 0),
        exchange.withdrawal_call(77),
    ]
    for call in nobody:
        assert exchange.call(call).code is C.NO_CLAIM, call


def test_a_withdrawal_paid_before_the_freeze_is_not_counted_again() -> None:
    exchange = stopped()
    exchange.l1.wait(exchange.l1.rules.window_ms)
    proof = exchange.withdrawal_call(0).proof
    assert exchange.call(ClaimWithdrawal(exchange.claim, 0, proof)).ok
    exchange.open()
    assert exchange.call(exchange.withdrawal_call(0)).code is C.WITHDRAWAL_PAID


def test_a_withdrawal_paid_ahead_of_its_claim_is_not_counted_again() -> None:
    exchange = stopped()
    leaf = exchange.tree.get(withdrawal_key(0))
    assert leaf is not None
    exchange.l1.state.ahead.put(sale_of(0, leaf), 0)
    exchange.open()
    assert exchange.call(exchange.withdrawal_call(0)).code is C.NO_CLAIM


@pytest.mark.parametrize("asset", [0, STAKED])
def test_a_withdrawal_counts_at_the_committed_price(asset: int) -> None:
    world = busy_exchange()
    leaf = encode_withdrawal(USER, 1_000, world.now, asset)
    world.store.apply({withdrawal_key(9): leaf})
    exchange = StoppedExchange(world)
    exchange.open()
    made = exchange.call(exchange.withdrawal_call(9))
    assert made.value == (1_000 * MID // LOT if asset else 1_000)


def test_shares_of_an_epoch_that_is_over_are_worth_nothing() -> None:
    """Whoever had a part of what was lost has no part of what came after."""
    world = busy_exchange()
    state = world.state
    vault, pool = state.vault(0), state.pool()
    fund = fund_of(state, world.account(LEADER) << 8 | FUND)
    assert fund is not None
    for record in (vault, pool, fund):
        record.epoch += 1
        state.touch(record)
    world.store.apply(state.take_changes())
    exchange = StoppedExchange(world)
    exchange.open()
    account, lender = world.account(OTHER), world.account(LENDER)
    place = world.account(LEADER) << 8 | FUND
    for kind, holder, what in (
        (ShareKind.VAULT, account, 0),
        (ShareKind.FUND, account, place),
        (ShareKind.POOL, lender, 0),
    ):
        assert exchange.call(exchange.share_call(kind, holder, what)).code is C.NO_CLAIM


def test_refused_in_code_order() -> None:
    exchange = stopped()
    exchange.freeze()
    account = exchange.world.account(OTHER)
    call = exchange.portfolio_call(account)
    late = exchange.credited
    refused_in_order(
        exchange.l1,
        [
            (C.BOOKS_SHUT, lambda _: (USER, call)),
            (C.BOOKS_SHUT, lambda _: (USER, PayEscape(USER))),
            (C.BOOKS_SHUT, lambda _: (USER, RefundDeposit(late))),
            (C.STATE_PROOF, lambda _: (USER, OpenEscape(call.proof))),
        ],
    )
    exchange = stopped()
    exchange.open()
    rules = exchange.l1.rules
    fat = bytes(rules.witness_bytes_max + 1)
    refused_in_order(
        exchange.l1,
        [
            (C.BOOKS_OPEN, lambda _: (USER, OpenEscape(b""))),
            (C.WINDOW_OPEN, lambda _: (USER, PayEscape(owner(OTHER)))),
            (C.DEPOSIT_CREDITED, lambda _: (USER, RefundDeposit(late - 1))),
            (C.DEPOSIT_CREDITED, lambda _: (USER, RefundDeposit(late + 1))),
            (C.STATE_PROOF, lambda _: (USER, RegisterPortfolio(account, 0, b"junk"))),
            (C.STATE_PROOF, lambda _: (USER, RegisterPortfolio(account, 0, fat))),
            (C.STATE_PROOF, lambda _: (USER, RegisterPortfolio(1 << 40, 0, call.proof))),
            (C.NO_CLAIM, lambda _: (USER, RegisterPortfolio(account, 256, call.proof))),
        ],
    )
    assert exchange.call(RefundDeposit(late)).ok
    exchange.l1.wait(ESCAPE_MS)
    refused_in_order(
        exchange.l1,
        [
            (C.WINDOW_OVER, lambda _: (USER, call)),
            (C.PAID_OUT, lambda _: (USER, RefundDeposit(late))),
            (C.NO_CLAIM, lambda _: (USER, PayEscape(owner(OTHER)))),
        ],
    )


def test_a_witness_that_shows_less_is_refused() -> None:
    """Leave out any node, or change any byte: nobody's claim grows by what is not shown."""
    exchange = stopped()
    exchange.open()
    account = exchange.world.account(TRADER)
    whole = exchange.portfolio_call(account)
    leaf_only = exchange.proof(lambda state: state.portfolio(account << 8))
    assert exchange.call(replace(whole, proof=leaf_only)).code is C.STATE_PROOF
    for place in range(0, len(whole.proof), 37):
        damaged = bytearray(whole.proof)
        damaged[place] ^= 1
        made = exchange.call(replace(whole, proof=bytes(damaged)))
        assert made.code is C.STATE_PROOF, place
    for end in range(0, len(whole.proof), 101):
        assert exchange.call(replace(whole, proof=whole.proof[:end])).code is C.STATE_PROOF
    assert exchange.call(whole).ok


def test_a_state_of_ones_own_is_refused() -> None:
    """A true proof, but under a root that no final claim has."""
    exchange = stopped()
    exchange.open()
    richer = busy_exchange()
    richer.deposit(TRADER, 1_000_000 * USDC)
    richer.run()
    other = StoppedExchange(richer)
    account = richer.account(TRADER)
    assert exchange.call(other.portfolio_call(account)).code is C.STATE_PROOF
