"""What is shared out: to everybody alike, once, and no more than there is."""

from dataclasses import replace

import pytest

from prover.contract.bank import escrow_of
from prover.contract.calls import (
    PayEscape,
    RefundDeposit,
)
from prover.contract.codes import ContractCode
from prover.contract.events import EscapePaid
from tests.escape_worlds import (
    ESCAPE_MS,
    LATE,
    LEADER,
    LENDER,
    StoppedExchange,
    owner,
    stopped,
)
from tests.exchange_vectors.assets import LOT, STAKED
from tests.exchange_vectors.scene import MAKER, MID, OTHER, TRADER

C = ContractCode
TRADERS = (MAKER, OTHER, TRADER, LENDER, LEADER)


def state_of(exchange: StoppedExchange, trader: int) -> tuple[int, int]:
    """Return what a trader holds on L1: micros, and units of the staked asset."""
    state = exchange.l1.state
    return state.account_of(owner(trader)).token, state.holding_of(STAKED, owner(trader))


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


@pytest.mark.parametrize("gone", [False, True])
def test_what_is_left_over_is_nobodys_more_than_what_he_is_owed(gone: bool) -> None:
    """Surplus: by claims alone whoever registered would share what others did not claim."""
    exchange = stopped()
    exchange.open()
    account = exchange.world.account(OTHER)
    assert exchange.call(exchange.portfolio_call(account)).ok
    if not gone:
        assert exchange.call(exchange.portfolio_call(exchange.world.account(MAKER))).ok
    state, before = exchange.l1.state, state_of(exchange, OTHER)
    net = state.owed[owner(OTHER)].net
    exchange.pay_all()
    books = state.books.record
    assert books is not None
    assert books.held > books.claims >= net
    usdc, units = (a - b for a, b in zip(state_of(exchange, OTHER), before, strict=True))
    pots = [state.pots[asset].amount for asset in (0, STAKED)]
    assert [usdc, units] == [net * pot // books.held for pot in pots]
    assert net - 2 * MID // LOT < usdc + units * MID // LOT <= net


def test_a_refund_that_the_escrow_cannot_pay_is_refused_and_not_lost() -> None:
    """If a false claim became final and emptied the escrow: nobody is paid what is not there."""
    exchange = stopped()
    exchange.open()
    state = exchange.l1.state
    totals = state.totals
    left = 2_999_999
    state.sums.put(
        replace(
            totals,
            token_escrowed=left,
            token_minted=totals.token_minted - totals.token_escrowed + left,
        )
    )
    refused = exchange.call(RefundDeposit(exchange.credited))
    assert refused.code is C.ESCROW
    state.sums.put(replace(state.totals, token_escrowed=left + 1))
    state.sums.put(replace(state.totals, token_minted=state.totals.token_minted + 1))
    assert exchange.call(RefundDeposit(exchange.credited)).value == left + 1
