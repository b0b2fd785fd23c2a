"""The escape client: what it finds, and that the proofs it sends open exactly what is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import pytest

from proto.sextant.v1 import l1_pb2
from prover.contract.calls import Freeze, OpenEscape
from prover.equity import ShareKind, committed_sums, worth_of_share
from sextant.client.candidates import PORTFOLIO, WITHDRAWAL, Candidate
from sextant.client.chain import Chain
from sextant.client.escape import Escape, EscapeClaim, EscapeStatus
from sextant.client.leaves import FETCH_MAX, KnownLeaves, StateReader
from sextant.client.proofs import StateProof
from sextant.errors import ProofInvalid, Rejected
from statemachine.errors import InvariantBroken
from statemachine.keys import CURSOR_KEY, portfolio_key
from statemachine.merkle.tree import RecordingTree, Tree
from tests.escape_worlds import FUND, LEADER, LENDER, StoppedExchange, busy_exchange
from tests.exchange_vectors.scene import MAKER, OTHER, TRADER
from tests.unit.client.fakes import run


@dataclass
class Archive:
    """A follower that proves what it is asked, and counts how often."""

    tree: Tree
    asked: list[int] = field(default_factory=list)

    async def proof(self, keys: Sequence[bytes], *, log_index: int) -> StateProof:
        assert log_index == 1
        assert len(keys) <= FETCH_MAX
        self.asked.append(len(keys))
        recording = RecordingTree(self.tree)
        values = tuple((key, recording.get(key)) for key in keys)
        return StateProof(
            height=1,
            log_index=1,
            root=self.tree.root,
            witness=recording.witness({}),
            values=values,
        )


def reader_of(exchange: StoppedExchange, root: bytes = b"") -> StateReader:
    archive = cast(Chain, Archive(exchange.tree))
    return StateReader(archive, exchange.rules, 1, root or exchange.tree.root)


def test_what_is_found_is_what_the_contract_counts() -> None:
    exchange = StoppedExchange(busy_exchange())
    exchange.freeze()
    reader = reader_of(exchange)
    opening = run(reader.prove(lambda state: list(committed_sums(state))))
    assert exchange.call(OpenEscape(opening)).ok
    world = exchange.world
    leader = world.account(LEADER)
    candidates = [
        *(Candidate(PORTFOLIO, world.account(t), 0) for t in (MAKER, OTHER, TRADER, LENDER)),
        Candidate(PORTFOLIO, world.account(TRADER), 1),
        Candidate(ShareKind.VAULT, world.account(OTHER), 0),
        Candidate(ShareKind.FUND, world.account(OTHER), leader << 8 | FUND),
        Candidate(ShareKind.POOL, world.account(LENDER), 0),
        Candidate(WITHDRAWAL, 0, 0),
    ]
    for candidate in candidates:
        worth = run(reader.read(candidate.read))
        assert worth is not None
        made = exchange.call(candidate.call(run(reader.prove(candidate.read))))
        assert (made.ok, made.value) == (True, abs(worth.micros)), candidate


def test_a_follower_of_another_state_is_not_believed() -> None:
    exchange = StoppedExchange(busy_exchange())
    reader = reader_of(exchange, bytes(32))
    with pytest.raises(ProofInvalid) as caught:
        run(reader.read(lambda state: state.ledger()))
    assert caught.value.code == "ROOT"


def test_many_leaves_are_fetched_at_once_and_each_only_once() -> None:
    exchange = StoppedExchange(busy_exchange())
    reader = reader_of(exchange)
    archive = cast(Any, reader.chain)
    keys = [portfolio_key(number) for number in range(FETCH_MAX + 10)]
    run(reader.fetch(keys))
    assert archive.asked == [FETCH_MAX, 10]
    run(reader.fetch(keys))
    assert archive.asked == [FETCH_MAX, 10]


def test_a_proof_opens_only_what_was_read() -> None:
    exchange = StoppedExchange(busy_exchange())
    reader = reader_of(exchange)
    account = exchange.world.account(LENDER)
    run(reader.fetch([portfolio_key(number) for number in range(200)]))
    call = Candidate(ShareKind.POOL, account, 0)
    assert run(reader.prove(call.read)) == exchange.proof(
        lambda state: worth_of_share(state, ShareKind.POOL, account, 0)
    )


def test_leaves_have_no_ranges() -> None:
    with pytest.raises(InvariantBroken):
        KnownLeaves({}).seek(CURSOR_KEY, CURSOR_KEY)


def status(**changes: Any) -> EscapeStatus:
    named: dict[str, Any] = {
        "frozen": True,
        "reason": "",
        "freeze_from_ms": None,
        "claim": 1,
        "inbox_waiting": 0,
        "claims_pending": 0,
        "pending_until_ms": 0,
        "open": False,
        "closes_ms": 50,
        "claims": 0,
        "held": 0,
        "rate": None,
        "registered": 0,
        "debt": 0,
        "net": 5,
        "paid": False,
        "refundable": (),
        "clock_ms": 10,
    }
    return EscapeStatus(**named | changes)


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"frozen": False}, "nothing: the exchange consumed its inbox"),
        ({"frozen": False, "freeze_from_ms": 11}, "nothing: the exchange goes on"),
        ({"frozen": False, "freeze_from_ms": 10}, "sextant escape freeze"),
        ({"claims_pending": 1}, "wait until no claim is pending"),
        ({}, "sextant escape register"),
        ({"open": True}, "sextant escape register"),
        ({"open": True, "clock_ms": 50}, "sextant escape pay"),
        ({"open": True, "clock_ms": 50, "paid": True}, "nothing is left"),
        ({"open": True, "clock_ms": 50, "net": 0}, "nothing is left"),
    ],
)
def test_status_says_what_to_do_next(changes: dict[str, Any], advice: str) -> None:
    assert status(**changes).advice.startswith(advice)


class MovingL1:
    """An L1 on which a claim becomes final whenever somebody has looked, for so many times."""

    def __init__(self, moves: int) -> None:
        self.moves = moves
        self.claim = 7

    async def escape(self) -> l1_pb2.L1Escape:
        return l1_pb2.L1Escape(claim=self.claim, freeze_from_ms=1)

    async def clock_ms(self) -> int:
        return 2

    async def send(self, call: Freeze) -> int:
        if self.moves:
            self.moves -= 1
            self.claim += 1
        if call.claim != self.claim:
            raise Rejected("NOT_NEWEST", f"claim {call.claim} is not the newest final one")
        return call.claim


def freezing(moves: int) -> int:
    escape = Escape.__new__(Escape)
    escape.l1 = cast(Any, MovingL1(moves))
    return cast(int, run(escape.freeze()))


def test_a_freeze_looks_again_while_claims_become_final() -> None:
    assert [freezing(moves) for moves in (0, 1, 2)] == [7, 8, 9]
    with pytest.raises(Rejected, match="NOT_NEWEST"):
        freezing(3)


class CrowdedL1:
    """An L1 on which somebody else is a moment faster with every other call."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.calls: list[Any] = []

    async def escape(self, *_: object) -> l1_pb2.L1Escape:
        return l1_pb2.L1Escape(frozen=True, open=True, refundable=[3, 4, 5])

    async def send(self, call: Any) -> str:
        self.calls.append(call)
        if len(self.calls) % 2:
            raise Rejected(self.code, "somebody was faster")
        return "sent"


class Reader:
    async def prove(self, _read: object) -> bytes:
        return b"proof"


def crowded(code: str) -> tuple[Escape, CrowdedL1]:
    escape, l1 = Escape.__new__(Escape), CrowdedL1(code)
    escape.l1, escape.client = cast(Any, l1), cast(Any, None)
    return escape, l1


def test_whoever_registers_for_others_does_not_stop_them() -> None:
    found = [
        (
            EscapeClaim(
                kind="portfolio", account=1, place=n, owner=b"", usdc=Decimal(1), registered=False
            ),
            Candidate(PORTFOLIO, 1, n),
        )
        for n in range(4)
    ]
    escape, l1 = crowded("REGISTERED")
    sent = run(escape._send(cast(Any, Reader()), found, lambda _: True))
    assert (len(l1.calls), [claim.place for claim in sent]) == (4, [1, 3])
    escape, l1 = crowded("PAID_OUT")
    assert run(escape.refund(bytes(20))) == ["sent"]
    assert len(l1.calls) == 3
    escape, _ = crowded("WINDOW_OVER")
    with pytest.raises(Rejected, match="WINDOW_OVER"):
        run(escape.refund(bytes(20)))
    escape, _ = crowded("BOOKS_OPEN")
    with pytest.raises(Rejected, match="BOOKS_OPEN"):
        run(escape._send(cast(Any, Reader()), found, lambda _: True))
