"""An exchange whose states are claimed on an L1, and a node that proves them, or lies."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import grpc

from devnet.l1.versions import rules_page
from node.l1.wire import claim_to_message
from node.service.errors import Refused as ServiceRefused
from node.service.proofs import prove_keys
from proto.sextant.v1 import l1_pb2, query_pb2
from prover.contract.calls import propose_output
from prover.outputs import genesis_output, trace_root
from prover.ranges import KeyRange, read_range
from sextant.client.api import AsyncClient
from sextant.client.verified import Verified
from statemachine import keys
from statemachine.actions import (
    FLAG_PEG,
    FLAG_POST_ONLY,
    FLAG_SELL,
    TRIGGER_FALL,
    PlaceOrder,
    Terms,
    Twap,
)
from statemachine.identity.signing import address_of
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.units import Lots, Millis, Price
from tests.l1_worlds import L1World, deployment
from tests.unit.client.fakes import FakeL1, FakeNode, build_handlers, connected, run, serving
from tests.worlds import World, trader_key, world_rules

MID = 6_000_000
CLIENT_ID = b"my-client-id-001"
Distortion = Callable[[query_pb2.Proof], None]


@dataclass
class Scene:
    """An exchange, a claim for each of its states on an L1, and a node that proves them."""

    world: World
    l1: L1World
    trees: dict[int, Tree]
    distort: Distortion | None = None

    def claim(self, parent: int, *, lie: bool = False) -> int:
        """Append an entry, and claim the exchange's state as it is now, or a lie."""
        self.l1.append()
        before = self.l1.state.claims[parent].output
        tree = Tree.from_items(sorted(self.world.store.values.items()))
        root = bytes(32) if lie else tree.root
        trace = [before.post_root, root]
        output = replace(
            before,
            log_index=before.log_index + 1,
            height=self.world.cursor.height,
            previous_output=before.hash,
            post_root=root,
            trace_root=trace_root(trace),
            segments=1,
        )
        result = self.l1.call(b"\x51" * 20, propose_output(parent, output, trace))
        assert result.ok, result
        if not lie:
            self.trees[output.log_index] = tree
        return result.value

    def status(self) -> Any:
        """Answer as a ledger does."""
        safe = SimpleNamespace(log_index=max(self.trees), height=self.world.cursor.height)
        return SimpleNamespace(safe=safe)

    def prove(
        self, wanted: Sequence[bytes], log_index: int, ranges: Sequence[KeyRange] = ()
    ) -> tuple[bytes, bytes] | None:
        """Answer as a ledger does."""
        tree = self.trees.get(log_index)
        if tree is None:
            return None
        recording = RecordingTree(tree)
        for key in wanted:
            recording.get(key)
        for asked in ranges:
            read_range(recording, asked)
        return tree.root, recording.witness({})


class ProvingNode(FakeNode):
    """A node that proves what its scene keeps, unless it lies."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene

    async def get_proof(self, request: Any, context: Any) -> query_pb2.Proof:
        try:
            proof = prove_keys(cast("Any", self.scene), request)
        except ServiceRefused as error:
            await context.abort(grpc.StatusCode.OUT_OF_RANGE, str(error))
        if self.scene.distort is not None:
            self.scene.distort(proof)
        return proof


class ClaimsL1(FakeL1):
    """An L1 that lists the claims of a scene; ``firm`` is its last final block."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(b"")
        self.l1 = scene.l1
        self.lag = 0

    async def get_deployment(self, _request: Any, _context: Any) -> l1_pb2.L1Deployment:
        rules = self.l1.rules
        return l1_pb2.L1Deployment(encoded=rules.encode(), l1_chain_id=rules.l1_chain_id, stub=True)

    async def get_heads(self, _request: Any, _context: Any) -> l1_pb2.L1Heads:
        here = l1_pb2.L1BlockRef(number=self.l1.block, time_ms=self.l1.time)
        firm = l1_pb2.L1BlockRef(
            number=self.l1.block - self.lag, time_ms=self.l1.time - 1_000 * self.lag
        )
        return l1_pb2.L1Heads(latest=here, safe=here, final=firm)

    async def list_claims(self, request: Any, _context: Any) -> l1_pb2.L1ClaimsPage:
        claims = list(self.l1.state.claims)
        page = claims[request.from_number :][: min(request.claims_max, 2)]
        messages = [claim_to_message(claim, b"", self.l1.rules.window_ms) for claim in page]
        return l1_pb2.L1ClaimsPage(claims=messages, claims_count=len(claims))

    async def list_rules(self, _request: Any, _context: Any) -> l1_pb2.L1RulesPage:
        return rules_page(self.l1.state, self.l1.rules, self.l1.time)

    def handlers(self) -> Any:
        """Return its methods."""
        unary = grpc.unary_unary_rpc_method_handler
        heads = {"L1": {"GetHeads": (unary, self.get_heads, l1_pb2.L1GetHeadsRequest)}}
        return [*super().handlers(), *build_handlers(heads)]


def order(price: int, lots: int, flags: int = 0, **more: Any) -> PlaceOrder:
    return PlaceOrder(0, 0, flags, Price(price), Lots(lots), **more)


def traded() -> Scene:
    """Return an exchange with every kind of order, positions, and one claim, still pending."""
    world = World(world_rules())
    genesis = Tree.from_items(sorted(world.store.values.items()))
    rules = deployment(
        rules=world.rules,
        genesis=genesis_output(world.rules.chain_id, world.rules.hash, genesis.root),
    )
    scene = Scene(world, L1World(rules), {0: genesis})
    scene.l1.contract.mint(b"\x51" * 20, 10**12, 0)
    world.open(traders=3, price=MID)
    world.act(0, order(MID, 500, FLAG_SELL))
    world.act(1, order(MID, 200))
    for level in range(1, 6):
        world.act(0, order(MID + 100 * level, 10 * level, FLAG_SELL))
        world.act(1, order(MID - 100 * level, 10 * level))
    world.act(1, order(MID - 100, 7, client_id=CLIENT_ID))
    peg = Terms(offset=-50)
    world.act(1, order(MID, 9, FLAG_PEG | FLAG_POST_ONLY, terms=peg))
    stop = Terms(trigger=TRIGGER_FALL, trigger_price=Price(MID - 5_000))
    world.act(1, order(MID - 6_000, 20, FLAG_SELL, terms=stop))
    world.act(1, Twap(0, 0, 0, Price(MID), Lots(100), 10, Millis(30_000)))
    scene.claim(0)
    return scene


def final() -> Scene:
    """Return the same, with the claim final."""
    scene = traded()
    scene.l1.wait(scene.l1.rules.window_ms + 1)
    return scene


@asynccontextmanager
async def reading(
    scene: Scene, l1: ClaimsL1 | None = None, **options: Any
) -> AsyncIterator[tuple[AsyncClient, Verified]]:
    async with (
        serving(l1 or ClaimsL1(scene)) as target,
        connected(ProvingNode(scene), l1=target) as client,
    ):
        yield client, await client.verified(**options)


def read(scene: Scene, work: Callable[[Verified], Awaitable[Any]], **options: Any) -> Any:
    async def story() -> Any:
        async with reading(scene, **options) as (_, verified):
            return await work(verified)

    return run(story())


def owner(trader: int) -> bytes:
    return address_of(trader_key(trader))


def crooked(scene: Scene, tree: Tree) -> None:
    """Claim a tree as it is, on top of claim 1."""
    scene.l1.append()
    before = scene.l1.state.claims[1].output
    trace = [before.post_root, tree.root]
    output = replace(
        before,
        log_index=2,
        height=before.height + 1,
        previous_output=before.hash,
        post_root=tree.root,
        trace_root=trace_root(trace),
    )
    cursor = scene.world.cursor
    cursor.height += 1
    tree.update({keys.CURSOR_KEY: cursor.encode()})
    trace[-1] = tree.root
    output = replace(output, post_root=tree.root, trace_root=trace_root(trace))
    assert scene.l1.call(b"\x51" * 20, propose_output(1, output, trace)).ok
    scene.trees[2] = tree


def change_value(proof: query_pb2.Proof) -> None:
    proof.values[-1].value = proof.values[-1].value[:-1] + b"\xee"


READS: dict[str, Callable[[Verified], Awaitable[Any]]] = {
    "account": lambda verified: verified.account(owner(1)),
    "position": lambda verified: verified.position(owner(1), "M0"),
    "orders": lambda verified: verified.orders(owner(1)),
    "book": lambda verified: verified.book("M0", orders=3),
}
