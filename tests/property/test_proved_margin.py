"""What a client proves of margin is what a node says of the same state, whatever the history."""

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from node.service.answers import Answers
from node.service.proofs import prove_keys
from node.service.views import Views
from proto.sextant.v1 import query_pb2
from prover.ranges import KeyRange, read_range
from sextant.client.amounts import from_micros
from sextant.client.anchors import Anchor, Trust
from sextant.client.proofs import StateProof, proof_of, verify_proof
from sextant.client.verified import Verified
from sextant.errors import ProofInvalid
from statemachine.keys import TABLE_MARKET, TABLE_PORTFOLIO
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import decode_portfolio
from statemachine.state import State
from statemachine.transition import apply_block
from tests.borrowers import BorrowersDuel
from tests.collateral import CollateralDuel
from tests.duels import Seeded
from tests.exchange import Exchange
from tests.property.test_margin_properties import MarginCrowd
from tests.worlds import World

Twist = Callable[[query_pb2.Proof], None]


class Ledger:
    """A node's proofs of one state of a world."""

    def __init__(self, world: World, twist: Twist | None = None) -> None:
        self.world = world
        self.tree = Tree.from_items(sorted(world.store.values.items()))
        self.twist = twist
        self.asked = 0

    def status(self) -> Any:
        head = SimpleNamespace(log_index=7, height=self.world.cursor.height)
        return SimpleNamespace(safe=head)

    def prove(
        self, wanted: Sequence[bytes], _log_index: int, ranges: Sequence[KeyRange] = ()
    ) -> tuple[bytes, bytes]:
        recording = RecordingTree(self.tree)
        for key in wanted:
            recording.get(key)
        for asked in ranges:
            read_range(recording, asked)
        return self.tree.root, recording.witness({})

    async def proof(
        self, keys: Sequence[bytes], *, log_index: int | None, ranges: Sequence[KeyRange] = ()
    ) -> StateProof:
        """Answer a client, over the wire's messages."""
        self.asked += 1
        request = query_pb2.GetProofRequest(keys=list(keys), log_index=log_index)
        for asked in ranges:
            request.ranges.add(prefix=asked.prefix, start=asked.start, count=asked.count)
        message = prove_keys(cast("Any", self), request)
        if self.twist is not None:
            self.twist(message)
        found = proof_of(message, ranges)
        verify_proof(found, keys)
        return found

    def verified(self) -> Verified:
        """Return a reader under a claim of this state."""
        anchor = Anchor(
            trust=Trust.FINAL,
            claim=3,
            log_index=7,
            height=self.world.cursor.height,
            root=self.tree.root,
            proposer=bytes(20),
            bond_gwei=1,
            final_at_ms=0,
            contested_by=(),
            l1_block=1,
            l1_time_ms=0,
            l1_is_stub=True,
            rules=self.world.rules,
        )
        return Verified(self.proof, anchor)


def compare(world: World) -> tuple[int, set[str]]:
    """Compare all portfolios of a world; return how many, and what there was among them."""
    ledger, seen = Ledger(world), set[str]()
    verified = ledger.verified()
    views = Views(Exchange(world), Answers(world.rules.chain_id))
    state = State(world.store, world.rules)
    numbers = [
        int.from_bytes(key[1:], "big") for key in world.store.values if key[0] == TABLE_PORTFOLIO
    ]
    for number in numbers:
        portfolio = state.portfolio(number)
        assert portfolio is not None
        told = views.portfolio_view(state, portfolio, with_orders=False)
        proved = asyncio.run(verified.margin(number >> 8, sub=number & 255))
        assert proved is not None
        assert {
            "equity_micros": proved.equity,
            "equity_initial_micros": proved.equity_initial,
            "initial_margin_micros": proved.initial,
            "maintenance_margin_micros": proved.maintenance,
            "available_micros": proved.available,
            "withdrawable_micros": proved.withdrawable,
            "loan_margined_micros": proved.loan_margined,
        } == {
            name: from_micros(getattr(told, name))
            for name in (
                "equity_micros",
                "equity_initial_micros",
                "initial_margin_micros",
                "maintenance_margin_micros",
                "available_micros",
                "withdrawable_micros",
                "loan_margined_micros",
            )
        }
        assert proved.covered == (told.equity_micros >= told.maintenance_margin_micros)
        if told.maintenance_margin_micros:
            ratio = Decimal(told.equity_micros) / told.maintenance_margin_micros
            assert proved.health is not None
            assert 0 <= ratio - proved.health < Decimal("0.0001")
            seen.add("position")
        else:
            assert proved.health is None
        seen |= {"collateral"} if proved.collateral else set()
        seen |= {"loan"} if proved.loan_margined else set()
        seen |= {"short of maintenance"} if not proved.covered else set()
    assert ledger.asked <= 2 * len(numbers) + 2, "what is needed is asked for at once"
    return len(numbers), seen


def play(crowd: MarginCrowd, blocks: int) -> None:
    """Let a crowd trade."""
    world = crowd.world
    for _ in range(blocks):
        result = apply_block(world.store, world.rules, crowd.next_block())
        world.store.apply(result.writes)


@pytest.mark.parametrize("seed", range(3))
def test_margin_under_every_margin_rule(seed: int) -> None:
    crowd = MarginCrowd(seed + 40)
    for _ in range(6):
        play(crowd, 8)
        compare(crowd.world)


def test_margin_of_who_owns_assets_and_who_owes() -> None:
    seen: set[str] = set()
    for duel in (CollateralDuel(Seeded(70)), CollateralDuel(Seeded(71))):
        for _ in range(5):
            for _ in range(10):
                duel.random_block()
            seen |= compare(duel.world)[1]
    for owing in (BorrowersDuel(Seeded(5)), BorrowersDuel(Seeded(6))):
        for _ in range(5):
            for _ in range(8):
                owing.random_block()
            seen |= compare(owing.world)[1]
    assert seen == {"position", "collateral", "loan", "short of maintenance"}


def test_a_node_that_lies_about_a_mark_is_found_out() -> None:
    crowd = MarginCrowd(41)
    play(crowd, 8)
    world = crowd.world

    def lie(message: query_pb2.Proof) -> None:
        for value in message.values:
            if value.key[0] == TABLE_MARKET:
                value.value = value.value[:-1] + bytes([value.value[-1] ^ 1])

    key = next(
        key
        for key, value in world.store.values.items()
        if key[0] == TABLE_PORTFOLIO and decode_portfolio(key, value).markets
    )
    number = int.from_bytes(key[1:], "big")
    with pytest.raises(ProofInvalid, match="VALUE"):
        asyncio.run(Ledger(world, lie).verified().margin(number >> 8, sub=number & 255))
