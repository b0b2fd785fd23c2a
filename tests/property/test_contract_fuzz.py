"""No call stops the contract: whatever is in it, it is answered, and money is conserved.

Calls of every kind, with numbers and bytes drawn from what their world knows and from
the edges of what fits, are made in worlds that are as far along as possible: attested
claims, sold withdrawals, a frozen exchange whose books are open, then shut.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.bls import Bls
from prover.contract import bank
from prover.contract.calls import CALLS, BuyWithdrawal, Call, CallKind, PayEscape
from prover.contract.calls.lengths import FIELD_BYTES
from prover.contract.context import Moment
from prover.contract.contract import Contract
from prover.contract.rules import ContractRules
from tests.escape_worlds import ESCAPE_MS, LENDER, stopped
from tests.exchange_vectors.scene import MAKER, OTHER, TRADER
from tests.guilds import Guild, lie
from tests.l1_worlds import (
    CHALLENGER,
    CHEAT,
    PROPOSER,
    SEQUENCER,
    USER,
    L1World,
    judge_by_truth,
)
from tests.unit.test_sales import PRICE, Market

Stored = tuple[ContractRules, dict[bytes, bytes], int, int, list[Call], Bls | None]
EDGES = (0, 1, 2, 3, 255, 256, 1 << 31, 1 << 32, (1 << 40) - 1, 1 << 40, (1 << 64) - 1)


def stored(world: L1World, calls: list[Call]) -> Stored:
    """Return what a world is made of, and calls that make sense there."""
    return world.rules, world.state.items(), world.block, world.time, calls, world.bls


def attested() -> Stored:
    """Return a world of attesters, of whom some lied and were paid."""
    guild = Guild()
    false = lie(guild)
    assert guild.attest(2).ok
    calls: list[Call] = [
        guild.attestation([0]),
        guild.join(9),
        guild.slash(false, [0, 1, 3]),
        guild.withdrawal(),
        guild.world.proposal(),
        guild.world.accusation(false),
    ]
    return stored(guild.world, calls)


def sold() -> Stored:
    """Return a world in which a withdrawal was sold."""
    market = Market()
    assert market.world.call(USER, market.offer()).ok
    buy = BuyWithdrawal(market.sale, PRICE)
    assert market.world.call(CHALLENGER, buy).ok
    return stored(market.world, [market.offer(), buy, market.settle()])


def opened(*, shut: bool = False) -> Stored:
    """Return a frozen exchange whose books are open, or whose owners are being paid."""
    exchange = stopped()
    account = exchange.world.account
    calls: list[Call] = [
        exchange.portfolio_call(account(TRADER)),
        exchange.portfolio_call(account(MAKER)),
        exchange.share_call(1, account(OTHER), 0),
        exchange.share_call(3, account(LENDER), 0),
        exchange.withdrawal_call(0),
    ]
    exchange.open()
    if shut:
        exchange.register_all()
        exchange.l1.wait(ESCAPE_MS)
        assert exchange.call(PayEscape(min(exchange.l1.state.owed))).code.name in {"OK", "NO_CLAIM"}
    return stored(exchange.l1, calls)


WORLDS: dict[str, Callable[[], Stored]] = {
    "attested": attested,
    "sold": sold,
    "opened": opened,
    "shut": lambda: opened(shut=True),
}


@cache
def world_of(name: str) -> Stored:
    """Return a world's records, made once."""
    return WORLDS[name]()


def bytes_in(calls: list[Call], items: dict[bytes, bytes]) -> list[bytes]:
    """Return byte strings that a world knows: of calls, and of its records' keys."""
    found = {getattr(call, field.name) for call in calls for field in fields(call)}
    names = {key[1:] for key in items if len(key) in {21, 33}}
    return sorted({each for each in found if isinstance(each, bytes)} | names)


@st.composite
def drawn(draw: st.DrawFn, calls: list[Call], items: dict[bytes, bytes]) -> Call:
    """Draw a call: one that makes sense, with one field changed, or any of any kind."""
    known = bytes_in(calls, items)
    number = st.one_of(st.sampled_from(EDGES), st.integers(0, 20), st.integers(0, (1 << 64) - 1))

    def some_bytes(name: str) -> st.SearchStrategy[bytes]:
        size = FIELD_BYTES.get(name)
        pool = [each for each in known if size is None or len(each) == size]
        exact = st.binary(min_size=size or 0, max_size=size or 90)
        return st.one_of(st.sampled_from(pool), exact) if pool else exact

    def value_of(field: Any) -> Any:
        return draw(number if field.type is int else some_bytes(field.name))

    base = draw(st.sampled_from([None, *calls]))
    if base is None:
        shape = CALLS[draw(st.sampled_from(list(CallKind)))]
        call: Call = shape(*(value_of(field) for field in fields(shape)))
        return call
    values = {field.name: getattr(base, field.name) for field in fields(base)}
    changed = draw(st.sampled_from(fields(base)))
    if draw(st.booleans()):
        values[changed.name] = value_of(changed)
    made: Call = type(base)(**values)
    return made


@pytest.mark.parametrize("name", WORLDS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_call_stops_the_contract(name: str, data: st.DataObject) -> None:
    rules, items, block, time, calls, bls = world_of(name)
    contract = Contract(rules, judge_by_truth, items.items(), bls)
    people = (USER, CHEAT, CHALLENGER, PROPOSER, SEQUENCER)
    for _ in range(data.draw(st.integers(1, 8))):
        block += 1
        time += data.draw(st.sampled_from([1_000, 60_000, 10_000_000]))
        call = data.draw(drawn(calls, items))
        before = contract.state.digest()
        sender, price = data.draw(st.sampled_from(people)), data.draw(st.sampled_from([0, 100]))
        result = contract.call(sender, Moment(block, time, price), call)
        bank.check_conservation(contract.state)
        if not result.ok and not result.events and not result.gas:
            assert contract.state.digest() == before
    again = Contract(rules, judge_by_truth, contract.state.items().items())
    assert again.state.digest() == contract.state.digest()
