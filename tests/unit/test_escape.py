"""Freeze and escape: what stops, what counts, who is paid, and what nobody can fake."""

from dataclasses import replace
from functools import partial

import pytest

from prover.contract.bank import escrow_of
from prover.contract.calls import (
    CALLS,
    Append,
    AppendEmpty,
    BuyWithdrawal,
    Call,
    CancelOffer,
    ClaimWithdrawal,
    Deposit,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    Freeze,
    OfferWithdrawal,
    OpenEscape,
    PayEscape,
    QueueOracle,
    RefundDeposit,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
)
from prover.contract.codes import ContractCode
from prover.contract.events import EscapePaid, PortfolioRegistered
from prover.contract.freeze import KEPT_BY_FREEZE, STOPPED_BY_FREEZE
from prover.contract.withdrawals import sale_of
from prover.equity import ShareKind, equity_of, worth_of_portfolio
from statemachine.actions import CancelAll
from statemachine.actions.kinds import MARKET_EVERY
from statemachine.keys import CURSOR_KEY, LEDGER_KEY, POOL_KEY, withdrawal_key
from statemachine.merkle.tree import RecordingTree
from statemachine.records import decode_pool, encode_withdrawal
from statemachine.risk.funds import fund_of
from statemachine.state import State
from tests.escape_worlds import (
    ESCAPE_MS,
    FREEZE_MS,
    FUND,
    INBOX_DEADLINE_MS,
    LATE,
    LEADER,
    LENDER,
    UNITS,
    StoppedExchange,
    busy_exchange,
    owner,
)
from tests.exchange_vectors.assets import LOT, STAKED
from tests.exchange_vectors.scene import MAKER, MID, OTHER, TRADER
from tests.l1_worlds import GENESIS_MS, PROPOSER, SEQUENCER, USER, L1World, Row, refused_in_order
from tests.worlds import USDC, World

C = ContractCode
TRADERS = (MAKER, OTHER, TRADER, LENDER, LEADER)


def stopped() -> StoppedExchange:
    return StoppedExchange(busy_exchange())


def test_every_call_is_stopped_by_a_freeze_or_kept() -> None:
    assert set(CALLS.values()) == STOPPED_BY_FREEZE | KEPT_BY_FREEZE
    assert not STOPPED_BY_FREEZE & KEPT_BY_FREEZE


# Freezing


def test_a_freeze_waits_until_an_item_has_waited() -> None:
    exchange = stopped()
    rules = exchange.l1.rules
    exchange.l1.wait(rules.window_ms)
    due = exchange.l1.state.inbox[exchange.credited].item.time + INBOX_DEADLINE_MS
    rows: list[Row] = [
        (C.NOT_NEWEST, lambda _: (USER, Freeze(0, b""))),
        (C.FREEZE_EARLY, lambda _: (USER, Freeze(exchange.claim, b""))),
        (C.NOT_FROZEN, lambda _: (USER, OpenEscape(b""))),
        (C.NOT_FROZEN, lambda _: (USER, PayEscape(USER))),
    ]
    refused_in_order(exchange.l1, rows)
    exchange.l1.time = due + FREEZE_MS - 1_001
    assert exchange.call(Freeze(exchange.claim, b"")).code is C.FREEZE_EARLY
    assert exchange.call(Freeze(exchange.claim, b"")).ok
    assert exchange.call(Freeze(exchange.claim, b"")).code is C.FROZEN


def test_an_exchange_that_consumed_its_inbox_cannot_be_frozen() -> None:
    exchange = StoppedExchange(busy_exchange(), late=0)
    exchange.l1.wait(100 * FREEZE_MS)
    assert exchange.call(Freeze(exchange.claim, b"")).code is C.FREEZE_EARLY
    idle = L1World()
    idle.wait(100 * 86_400_000)
    assert idle.call(USER, Freeze(0, b"")).code is C.FREEZE_EARLY


def test_a_frozen_exchange_takes_nothing_and_pays_nothing() -> None:
    exchange = stopped()
    exchange.freeze()
    refused: list[tuple[bytes, Call]] = [
        (SEQUENCER, Append(1, b"\x01\x00\x01")),
        (USER, AppendEmpty(1)),
        (USER, Deposit(USER, 0, 5_000_000)),
        (USER, ForceWithdraw(0, 0)),
        (USER, ForceCancelAll(0)),
        (USER, ForceClose(0, 1, 0)),
        (USER, ForceRevoke(USER)),
        (USER, ForcePoke(USER, 0)),
        (USER, QueueOracle(1, 0, 1, 1, bytes(65))),
        (USER, ClaimWithdrawal(exchange.claim, 0, b"")),
        (USER, OfferWithdrawal(exchange.claim, 0, 1, 1, b"")),
        (USER, BuyWithdrawal(bytes(32), 1)),
        (USER, CancelOffer(bytes(32))),
        (PROPOSER, exchange.l1.proposal(exchange.claim)),
    ]
    assert {type(call) for _, call in refused} < STOPPED_BY_FREEZE
    for row in refused:
        refused_in_order(exchange.l1, [(C.FROZEN, partial(answer, row))])


def answer(row: tuple[bytes, Call], _: L1World) -> tuple[bytes, Call]:
    return row


def test_claims_that_were_pending_run_out_their_windows() -> None:
    """The last that survives counts: a false one that was pending is disputed to the end."""
    exchange = stopped()
    l1 = exchange.l1
    l1.append()
    l1.wait(INBOX_DEADLINE_MS + FREEZE_MS)
    right = l1.propose(exchange.claim)
    wrong = l1.propose(exchange.claim, lie=1)
    assert exchange.call(Freeze(exchange.claim, b"")).ok
    assert exchange.call(OpenEscape(b"")).code is C.CLAIMS_PENDING
    assert l1.convict(wrong).ok
    l1.wait(l1.rules.window_ms)
    assert l1.state.newest_final == right
    assert exchange.call(OpenEscape(b"")).code is C.STATE_PROOF


def silent(framed_at: int) -> StoppedExchange:
    """Return an exchange that consumed its inbox, and whose last valid frame was then."""
    world = busy_exchange()
    cursor = world.cursor
    cursor.framed_at = framed_at
    world.store.apply({CURSOR_KEY: cursor.encode()})
    return StoppedExchange(world, late=0)


def test_an_exchange_without_a_sequencer_can_be_frozen() -> None:
    exchange = silent(GENESIS_MS + 1)
    rules = exchange.l1.rules
    exchange.l1.wait(rules.window_ms)
    proof = exchange.proof(lambda state: state.cursor)
    other = silent(GENESIS_MS)
    refused_in_order(
        exchange.l1,
        [
            (C.NOT_NEWEST, lambda _: (USER, Freeze(0, proof))),
            (C.FREEZE_PROOF, lambda _: (USER, Freeze(exchange.claim, b"junk"))),
            (C.FREEZE_PROOF, lambda _: (USER, Freeze(exchange.claim, other_proof(other)))),
            (C.FREEZE_PROOF, lambda _: (USER, Freeze(exchange.claim, ledger_proof(exchange)))),
            (C.FREEZE_EARLY, lambda _: (USER, Freeze(exchange.claim, b""))),
            (C.FREEZE_EARLY, lambda _: (USER, Freeze(exchange.claim, proof))),
        ],
    )
    exchange.l1.time = GENESIS_MS + rules.liveness_ms_max + FREEZE_MS - 1_000
    assert exchange.call(Freeze(exchange.claim, proof)).code is C.FREEZE_EARLY
    exchange.l1.time = GENESIS_MS + rules.liveness_ms_max + FREEZE_MS - 999
    made = exchange.call(Freeze(exchange.claim, proof))
    assert (made.ok, made.value) == (True, 2)


def other_proof(exchange: StoppedExchange) -> bytes:
    return exchange.proof(lambda state: state.cursor)


def ledger_proof(exchange: StoppedExchange) -> bytes:
    recording = RecordingTree(exchange.tree)
    recording.get(LEDGER_KEY)
    return recording.witness({})


# Registering


def test_everybody_is_paid_what_the_last_state_says() -> None:
    """Solvent: an owner gets the worth of what he had, of every asset a part."""
    exchange = stopped()
    exchange.open()
    exchange.register_all()
    state, before = exchange.l1.state, {t: state_of(exchange, t) for t in TRADERS}
    held = [escrow_of(state, 0) - 3_000_000, escrow_of(state, STAKED)]
    paid = exchange.pay_all()
    assert owner(TRADER) not in paid, "his debt is more than what he has elsewhere"
    assert set(paid) == {owner(t) for t in TRADERS if t != TRADER}
    books = state.books.record
    assert books is not None
    assert books.held == held[0] + held[1] * MID // LOT
    assert books.claims == sum(paid.values())
    whole = max(books.held, books.claims)
    for trader in set(TRADERS) - {TRADER}:
        usdc, units = state_of(exchange, trader)
        assert usdc - before[trader][0] == paid[owner(trader)] * held[0] // whole
        assert units - before[trader][1] == paid[owner(trader)] * held[1] // whole


def state_of(exchange: StoppedExchange, trader: int) -> tuple[int, int]:
    """Return what a trader holds on L1: micros, and units of the staked asset."""
    state = exchange.l1.state
    return state.account_of(owner(trader)).token, state.holding_of(STAKED, owner(trader))


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


def test_what_is_missing_is_missed_by_all_alike() -> None:
    """Insolvent: all get the same part, and the escrow is emptied but for roundings."""
    exchange = stopped()
    exchange.open()
    exchange.register_all()
    state = exchange.l1.state
    lost = escrow_of(state, 0) // 2
    state.sums.put(
        replace(
            state.totals,
            token_escrowed=state.totals.token_escrowed - lost,
            token_minted=state.totals.token_minted - lost,
        )
    )
    paid = exchange.pay_all()
    books = state.books.record
    assert books is not None
    assert books.held < books.claims
    assert escrow_of(state, 0) - 3_000_000 < len(paid)
    assert escrow_of(state, STAKED) < len(paid)


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


# Witnesses


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


# Refunds


def test_deposits_that_came_too_late_go_back_whole() -> None:
    exchange = stopped()
    exchange.open()
    late = exchange.credited
    before = exchange.l1.state.account_of(owner(LATE)).token
    made = exchange.call(RefundDeposit(late))
    assert (made.ok, made.value) == (True, 3_000_000)
    assert exchange.l1.state.account_of(owner(LATE)).token - before == 3_000_000


def test_a_late_deposit_is_no_part_of_what_is_shared_out() -> None:
    """Refunded before or after: everybody gets the same."""
    results = []
    for first in (True, False):
        exchange = stopped()
        exchange.open()
        exchange.register_all()
        if first:
            assert exchange.call(RefundDeposit(exchange.credited)).ok
        exchange.pay_all()
        if not first:
            assert exchange.call(RefundDeposit(exchange.credited)).ok
        results.append([exchange.l1.state.account_of(owner(t)).token for t in (*TRADERS, LATE)])
    assert results[0] == results[1]


def test_the_order_of_payment_does_not_matter() -> None:
    results = []
    for turn in (1, -1):
        exchange = stopped()
        exchange.open()
        exchange.register_all()
        exchange.l1.wait(ESCAPE_MS)
        for trader in TRADERS[::turn]:
            exchange.call(PayEscape(owner(trader)))
        results.append([state_of(exchange, trader) for trader in TRADERS])
    assert results[0] == results[1]


def test_an_owner_is_paid_once() -> None:
    exchange = stopped()
    exchange.open()
    exchange.register_all()
    exchange.pay_all()
    assert exchange.call(PayEscape(owner(MAKER))).code is C.PAID_OUT


@pytest.mark.parametrize("asset", [0, STAKED])
def test_a_withdrawal_counts_at_the_committed_price(asset: int) -> None:
    world = busy_exchange()
    leaf = encode_withdrawal(USER, 1_000, world.now, asset)
    world.store.apply({withdrawal_key(9): leaf})
    exchange = StoppedExchange(world)
    exchange.open()
    made = exchange.call(exchange.withdrawal_call(9))
    assert made.value == (1_000 * MID // LOT if asset else 1_000)


def test_escape_events_say_what_was_paid() -> None:
    exchange = stopped()
    exchange.open()
    exchange.register_all()
    exchange.l1.wait(ESCAPE_MS)
    before = state_of(exchange, OTHER)
    made = exchange.call(PayEscape(owner(OTHER)))
    after = state_of(exchange, OTHER)
    told = {e.asset: e.amount for e in made.events if isinstance(e, EscapePaid)}
    assert told == {0: after[0] - before[0], STAKED: after[1] - before[1]}


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
