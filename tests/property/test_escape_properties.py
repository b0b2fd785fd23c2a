"""Properties of the escape: whatever is registered, by whom and in which order.

Nobody is paid twice, no order pays more, all are paid alike, and the escrow pays no
more than it held and keeps less than a unit for each owner.
"""

from dataclasses import replace
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from prover.contract.bank import escrow_of
from prover.contract.calls import Call, PayEscape, RefundDeposit
from prover.contract.codes import ContractCode
from prover.contract.records import Owed
from tests.escape_worlds import ESCAPE_MS, LATE, StoppedExchange, busy_exchange, owner
from tests.exchange_vectors.assets import STAKED
from tests.l1_worlds import USER
from tests.worlds import World

LATE_MICROS = 3_000_000
ASSETS = (0, STAKED)
AGAIN = {ContractCode.REGISTERED, ContractCode.WITHDRAWAL_PAID}


@cache
def played() -> World:
    """Return the exchange that is stopped in every example."""
    return busy_exchange()


@cache
def all_claims() -> tuple[Call, ...]:
    """Return a call for each claim: they are the same in every example."""
    return tuple(StoppedExchange(played()).claims())


def holdings(exchange: StoppedExchange, address: bytes) -> list[int]:
    """Return what an address holds of each asset."""
    state = exchange.l1.state
    return [state.account_of(address).token, state.holding_of(STAKED, address)]


def take_away(exchange: StoppedExchange, micros: int) -> None:
    """Let so much of the escrow never have been there."""
    state = exchange.l1.state
    totals = state.totals
    state.sums.put(
        replace(
            totals,
            token_escrowed=totals.token_escrowed - micros,
            token_minted=totals.token_minted - micros,
        )
    )


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_all_are_paid_alike_and_once(data: st.DataObject) -> None:
    exchange = StoppedExchange(played())
    exchange.open()
    state = exchange.l1.state
    escrowed = escrow_of(state, 0) - LATE_MICROS
    take_away(exchange, data.draw(st.integers(0, escrowed), label="missing"))
    calls = data.draw(st.lists(st.sampled_from(all_claims()), max_size=30), label="calls")
    for place, call in enumerate(calls):
        code = exchange.l1.call(USER, call).code
        assert code in AGAIN if call in calls[:place] else code is ContractCode.OK
    refund = RefundDeposit(exchange.credited)
    early = data.draw(st.booleans(), label="refund before payment")
    if early:
        assert exchange.call(refund).ok
    exchange.l1.wait(ESCAPE_MS)
    held = [escrow_of(state, asset) for asset in ASSETS]
    held[0] -= 0 if early else LATE_MICROS
    people = data.draw(st.permutations(sorted(state.owed)), label="order")
    books = state.books.record
    assert books is not None
    assert books.claims == sum(owed.net for owed in state.owed.values())
    paid = [0, 0]
    for address in people:
        net, before = state.owed[address].net, holdings(exchange, address)
        made = exchange.call(PayEscape(address))
        assert made.ok == (net > 0)
        assert not exchange.call(PayEscape(address)).ok
        books = state.books.record
        assert books is not None
        whole = max(books.held, books.claims)
        for place, total in enumerate(held):
            got = holdings(exchange, address)[place] - before[place]
            assert got == (net * total // whole if net else 0)
            paid[place] += got
    for place, asset in enumerate(ASSETS):
        assert paid[place] <= held[place]
        if books.claims >= books.held > 0 and any(owed.net for owed in state.owed.values()):
            assert held[place] - paid[place] < len(people), asset
    if not early:
        before = holdings(exchange, owner(LATE))
        assert exchange.call(refund).ok
        assert holdings(exchange, owner(LATE))[0] - before[0] == LATE_MICROS


@settings(max_examples=10, deadline=None)
@given(turns=st.permutations(range(len(all_claims()))))
def test_the_order_of_registration_changes_nothing(turns: list[int]) -> None:
    exchange = StoppedExchange(played())
    exchange.open()
    for place in turns:
        assert exchange.call(all_claims()[place]).ok
    assert dict(exchange.l1.state.owed.items()) == in_order()


@cache
def in_order() -> dict[bytes, Owed]:
    """Return what is owed when everything is registered in the order of keys."""
    exchange = StoppedExchange(played())
    exchange.open()
    exchange.register_all()
    return dict(exchange.l1.state.owed.items())
