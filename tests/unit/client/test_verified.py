"""Reads under a claim on L1: right whatever the node says, or refused."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, cast

import grpc
import pytest

from devnet.l1.versions import rules_page
from node.l1.wire import claim_to_message
from node.service.errors import Refused as ServiceRefused
from node.service.proofs import prove_keys
from proto.sextant.v1 import l1_pb2, query_pb2
from prover.contract.calls import propose_output
from prover.outputs import genesis_output, trace_root
from prover.ranges import KeyRange, read_range
from sextant.client.anchors import Trust
from sextant.client.api import AsyncClient
from sextant.client.verified import Verified
from sextant.errors import BadRequest, ProofInvalid, Refused
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
from statemachine.book.resting import hash_client_id
from statemachine.identity.signing import address_of
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import decode_portfolio
from statemachine.units import Lots, Millis, Price
from tests.l1_worlds import L1World, deployment, output_with
from tests.unit.client.fakes import FakeL1, FakeNode, build_handlers, connected, run, serving
from tests.worlds import USDC, World, trader_key, world_rules

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


def finding(ref: int | bytes, number: int) -> Callable[[Verified], Awaitable[Any]]:
    return lambda verified: verified.order(ref, number)


def owner(trader: int) -> bytes:
    return address_of(trader_key(trader))


def test_an_account_is_what_its_leaves_say() -> None:
    scene = final()
    account = read(scene, lambda verified: verified.account(owner(1)))
    number = account.account
    assert account.owner == owner(1)
    [portfolio] = account.portfolios
    key = keys.portfolio_key(number << 8)
    record = decode_portfolio(key, scene.world.store.values[key])
    assert portfolio.balance == Decimal(record.balance).scaleb(-6)
    assert portfolio.open_orders == record.open_orders
    [position] = portfolio.positions
    assert (position.size, position.entry_price) == (Decimal("0.0200"), Decimal(60_000))
    assert position.unrealised == position.size * position.mark - position.cost
    again = read(scene, lambda verified: verified.position(number, "m0"))
    assert again == position
    assert read(scene, lambda verified: verified.position(number, 1)) is None
    assert read(scene, lambda verified: verified.account(b"\x09" * 20)) is None
    assert read(scene, lambda verified: verified.account(77)) is None


def test_orders_of_every_kind_are_found_and_none_is_left_out() -> None:
    scene = final()
    number = scene.world.state.signer(owner(1)).account  # type: ignore[union-attr]
    orders = read(scene, lambda verified: verified.orders(number))
    account = read(scene, lambda verified: verified.account(number))
    assert len(orders) == account.portfolios[0].open_orders == 9
    assert sorted({one.state for one in orders}) == ["asleep", "resting", "slicing"]
    [pegged] = [one for one in orders if one.offset is not None]
    assert pegged.offset == Decimal("-0.50")
    [named] = [one for one in orders if one.size == Decimal("0.0007")]
    found = read(scene, lambda verified: verified.order(CLIENT_ID, number))
    assert found == named
    for one in orders:
        assert read(scene, finding(one.order_id, number)) == one
    for absent in (10**6, b"another-id-00001"):
        assert read(scene, finding(absent, number)) is None


def test_a_client_id_that_only_shares_a_hash_is_not_taken_for_another() -> None:
    scene = final()
    number = scene.world.state.signer(owner(1)).account  # type: ignore[union-attr]
    tree = scene.trees[1]
    other = b"another-id-00001"
    value = tree.get(keys.client_id_key(number << 8, hash_client_id(CLIENT_ID)))
    tree.update({keys.client_id_key(number << 8, hash_client_id(other)): value})
    crooked(scene, tree)
    assert read(scene, lambda verified: verified.order(other, number), claim=2) is None


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


def test_a_book_is_complete_as_far_as_it_goes() -> None:
    scene = final()
    book = read(scene, lambda verified: verified.book("M0"))
    asks = [one.remaining for one in book.asks]
    assert asks == [Decimal(lots).scaleb(-4) for lots in (300, 10, 20, 30, 40, 50)]
    assert [level.price for level in book.levels("ask")][:2] == [Decimal(60_000), Decimal(60_001)]
    assert book.bids[0].price_now == Decimal("59999.5")
    assert (book.bids_whole, book.asks_whole) == (True, True)
    assert book.levels("bid")[1].orders == 2
    short = read(scene, lambda verified: verified.book("M0", orders=2))
    assert (short.bids_whole, short.asks_whole) == (False, False)
    assert short.asks == book.asks[:2]
    assert short.bids == book.bids[: len(short.bids)]
    assert len(short.bids) == 3
    with pytest.raises(BadRequest):
        read(scene, lambda verified: verified.book("DOGE"))


def change_value(proof: query_pb2.Proof) -> None:
    proof.values[-1].value = proof.values[-1].value[:-1] + b"\xee"


def deny_value(proof: query_pb2.Proof) -> None:
    proof.values[-1].present = False
    proof.values[-1].value = b""


def leave_out(proof: query_pb2.Proof) -> None:
    for found in proof.ranges:
        if found.values:
            del found.values[0]


def cut_end(proof: query_pb2.Proof) -> None:
    for found in proof.ranges:
        if found.values:
            del found.values[-1]


def slip_in(proof: query_pb2.Proof) -> None:
    for found in proof.ranges:
        if found.values:
            extra = query_pb2.ProvedValue()
            extra.CopyFrom(found.values[-1])
            extra.key = extra.key[:-1] + bytes([extra.key[-1] ^ 0x40])
            found.values.append(extra)


def hide_rest(proof: query_pb2.Proof) -> None:
    for found in proof.ranges:
        found.next = b"" if found.next else b"\x30more"


def forget_range(proof: query_pb2.Proof) -> None:
    if proof.ranges:
        del proof.ranges[:]
    else:
        del proof.values[:]


def cut_witness(proof: query_pb2.Proof) -> None:
    proof.witness = proof.witness[:-40]


def flip_witness(proof: query_pb2.Proof) -> None:
    middle = len(proof.witness) // 2
    flipped = bytes([proof.witness[middle] ^ 1])
    proof.witness = proof.witness[:middle] + flipped + proof.witness[middle + 1 :]


READS: dict[str, Callable[[Verified], Awaitable[Any]]] = {
    "account": lambda verified: verified.account(owner(1)),
    "position": lambda verified: verified.position(owner(1), "M0"),
    "orders": lambda verified: verified.orders(owner(1)),
    "book": lambda verified: verified.book("M0", orders=3),
}
LIES = (change_value, deny_value, cut_witness, flip_witness)
RANGE_LIES = (leave_out, cut_end, slip_in, hide_rest, forget_range)


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_node_that_lies_about_a_value_is_found_out(what: str, lie: Distortion) -> None:
    scene = final()
    read(scene, READS[what])
    scene.distort = lie
    with pytest.raises(ProofInvalid):
        read(scene, READS[what])


@pytest.mark.parametrize("lie", RANGE_LIES, ids=lambda lie: lie.__name__)
@pytest.mark.parametrize("what", ["book", "orders"])
def test_a_node_that_leaves_out_or_adds_an_order_is_found_out(what: str, lie: Distortion) -> None:
    scene = final()
    scene.distort = lie
    with pytest.raises(ProofInvalid) as caught:
        read(scene, READS[what])
    assert caught.value.code in {"RANGE", "RANGES", "VALUE"}


@pytest.mark.parametrize("change", ["drop", "add", "older"])
def test_a_node_that_proves_under_a_root_of_its_own_is_found_out(change: str) -> None:
    scene = final()
    tree = scene.trees[1]
    best = tree.seek(keys.order_range(0, keys.SELL), keys.order_range(0, keys.SELL)) or b""
    if change == "drop":
        tree.update({best: None})
    elif change == "add":
        tree.update({keys.order_key(0, keys.SELL, MID - 10, 999): tree.get(best)})
    else:
        scene.trees[1] = scene.trees[0]
    for work in READS.values():
        with pytest.raises(ProofInvalid) as caught:
            read(scene, work)
        assert caught.value.code == "ROOT"


def test_the_newest_final_claim_is_the_anchor_and_pending_ones_are_safe_at_most() -> None:
    scene = final()
    scene.world.run()
    second = scene.claim(1)

    async def anchors(**options: Any) -> Any:
        async with reading(scene, **options) as (_, verified):
            await verified.read([])
            return verified.anchor

    assert run(anchors()).claim == 1
    assert run(anchors()).trust is Trust.FINAL
    safe = run(anchors(trust=Trust.SAFE))
    assert (safe.claim, safe.trust, safe.contested_by) == (second, Trust.SAFE, ())
    scene.claim(1, lie=True)
    contested = run(anchors(trust=Trust.SAFE))
    assert contested.claim == 1  # neither of two that contradict each other
    named = run(anchors(claim=second))
    assert (named.trust, named.contested_by) == (Trust.SAFE, (3,))
    with pytest.raises(Refused, match="CLAIM_UNKNOWN"):
        run(anchors(claim=9))


def test_a_claim_is_final_only_on_an_l1_block_that_is() -> None:
    scene = final()
    late = ClaimsL1(scene)
    late.lag = 2

    async def anchor() -> Any:
        async with reading(scene, late) as (_, verified):
            return verified.anchor

    assert run(anchor()).claim == 0
    late.lag = 0
    assert run(anchor()).claim == 1


def test_the_root_of_a_dead_claim_is_no_anchor() -> None:
    scene = traded()
    scene.claim(0, lie=True)
    scene.l1.wait(scene.l1.rules.window_ms + 1)
    assert [claim.status.name for claim in scene.l1.state.claims][1:] == ["FINAL", "SUPERSEDED"]
    with pytest.raises(Refused, match="CLAIM_DEAD"):
        read(scene, READS["account"], claim=2)
    scene.trees[1] = Tree.from_items([(keys.CURSOR_KEY, b"dead")])
    with pytest.raises(ProofInvalid, match="ROOT"):
        read(scene, READS["account"])


def test_a_claim_whose_root_holds_no_such_state_is_said_to_be_wrong() -> None:
    scene = final()
    tree = scene.trees[1].snapshot()
    number = scene.world.state.signer(owner(1)).account  # type: ignore[union-attr]
    tree.update({keys.portfolio_key(number << 8): b"nonsense"})
    crooked(scene, tree)
    with pytest.raises(ProofInvalid, match="RECORD"):
        read(scene, READS["account"], claim=2)


def test_another_deployment_is_not_read_by_these_rules() -> None:
    scene = final()
    l1 = ClaimsL1(scene)
    other = world_rules(rollup=b"\x12" * 20)
    genesis = replace(scene.l1.rules.genesis, rules_hash=other.hash)
    scene.l1.rules = replace(scene.l1.rules, rules=other, genesis=genesis)

    async def story() -> None:
        async with reading(scene, l1):
            pass

    with pytest.raises(ProofInvalid, match="OUTPUT"):
        run(story())


def upgraded() -> Scene:
    """Return a scene whose newest final claim is of the second version of the rules."""
    scene = final()
    after = replace(scene.l1.rules.rules, referral_ppm=0)
    assert scene.l1.schedule(after).ok
    scene.l1.time = scene.l1.state.versions[0].starts
    assert scene.l1.append(2).ok
    before = scene.l1.state.claims[scene.l1.state.newest_final].output
    output, trace = output_with(before, before.post_root)
    named = replace(output, rules_hash=after.hash)
    call = propose_output(scene.l1.state.newest_final, named, trace)
    assert scene.l1.call(b"\x51" * 20, call).ok
    scene.l1.wait(scene.l1.rules.window_ms)
    scene.trees[named.log_index] = scene.trees[before.log_index]
    return scene


class StrangeL1(ClaimsL1):
    """An L1 whose second version is none that this program knows."""

    rules = b"\x91\x09"

    async def list_rules(self, request: Any, context: Any) -> l1_pb2.L1RulesPage:
        page = await super().list_rules(request, context)
        page.versions[1].rules = self.rules
        return page


def test_a_claim_is_read_by_the_rules_of_its_entry() -> None:
    scene = upgraded()

    async def story() -> None:
        async with reading(scene) as (_, verified):
            assert verified.anchor.rules.referral_ppm == 0
            assert verified.anchor.claim == scene.l1.state.newest_final
        async with reading(scene, claim=1) as (_, verified):
            assert verified.anchor.rules == scene.l1.rules.rules

    run(story())


def test_a_claim_under_rules_that_are_not_known_is_not_read() -> None:
    scene = upgraded()
    state, strange = scene.l1.state, StrangeL1.rules
    claim = state.claims[state.newest_final]
    named = replace(claim.output, rules_hash=sha256(strange).digest())
    state.claims.put(claim.number, replace(claim, output=named))

    async def story() -> None:
        async with reading(scene, StrangeL1(scene)):
            pass

    with pytest.raises(ProofInvalid, match="RULES"):
        run(story())


def test_long_lists_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sextant.client.state_reads.PAGE", 2)
    monkeypatch.setattr("sextant.client.verified.PAGE", 2)
    scene = final()
    assert len(read(scene, READS["orders"])) == 9


@pytest.mark.parametrize(("many", "count"), [(17, 1), (1, 0), (1, 1_025), (3, 400)], ids=str)
def test_requests_for_too_much_are_refused(many: int, count: int) -> None:
    scene = final()
    ranges = [query_pb2.KeyRange(prefix=b"\x30", count=count)] * many
    with pytest.raises(ServiceRefused):
        prove_keys(cast("Any", scene), query_pb2.GetProofRequest(ranges=ranges))


def test_amounts_are_usdc() -> None:
    scene = final()
    account = read(scene, lambda verified: verified.account(owner(2)))
    assert account.portfolios[0].balance == Decimal(100_000 * USDC).scaleb(-6)
