"""What comes back from L1 alone is what was there, byte for byte."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from node.derivation.derived import INBOX, SCHEMA
from node.derivation.follower import Follower
from node.ledger.blocks import PLACES, RECEIPTS, ROOTS, BlockSigner
from node.rebuild import RebuildRefused, rebuild
from node.sequencing.chain import ChainStore
from node.sequencing.sequencer import Sequencer
from node.sequencing.tickets import Ticket
from node.storage.database import Database, after
from node.storage.journal import BLOCK
from node.storage.store import STATE
from prover.contract.calls import Append
from prover.contract.records import ClaimStatus
from prover.entry import encode_entry
from prover.l1 import L1Unreachable
from statemachine.actions import PlaceOrder
from statemachine.identity.signing import Domain, sign_action
from statemachine.units import Lots, Price
from tests.e2e.processes import SEQUENCER_KEY
from tests.simulation.memory_l1 import MemoryL1
from tests.simulation.town import POSTER, USER, USER_KEY, Town

ORDERS = 3
KEPT = (STATE, BLOCK, RECEIPTS, PLACES, ROOTS)


def rows(database: Database, *prefixes: bytes) -> dict[bytes, bytes]:
    """Return everything under some prefixes."""
    return {
        key: value for prefix in prefixes for key, value in database.scan(prefix, after(prefix))
    }


def place_order(town: Town, number: int) -> None:
    """Send an order; it is refused for its price is missing, which is a receipt too."""
    rules = town.contract.rules
    action = PlaceOrder(0, 0, 0, Price(6_000_000), Lots(1))
    nonce = (town.l1.time << 10) + number
    data = sign_action(Domain(rules.chain_id, rules.rollup), USER_KEY, action, nonce).data
    town.core.offer(data, USER, town.l1.time, Ticket(1, lambda _outcomes: None), 0)


@pytest.fixture
def tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Town], Awaitable[None]]], None]:
    """Return what lets a town live until money was deposited, traded and paid out."""

    def run(plot: Callable[[Town], Awaitable[None]]) -> None:
        async def play() -> None:
            async with Town(tmp_path / "town", monkeypatch) as town:
                await town.until(lambda: len(town.taken) == 1)
                town.works = town.wants_withdrawal = True
                for number in range(ORDERS):
                    place_order(town, number)
                    await town.until(lambda: not town.core.queue)
                await town.until(lambda: 0 in town.state.paid)
                await town.rest()
                genesis = {0: [town.contract.genesis.post_root]}
                for height, roots in (genesis | town.roots).items():
                    town.disk.write_roots(height, roots)
                await plot(town)

        asyncio.run(play())

    return run


Tell = Callable[[Callable[[Town], Awaitable[None]]], None]


def test_a_follower_comes_back_byte_for_byte(tell: Tell, tmp_path: Path) -> None:
    async def plot(town: Town) -> None:
        made = await rebuild(tmp_path, "follower", MemoryL1(town.l1), b"", lambda _text: None)
        head = town.follower.chain.head
        assert (made.log_index, made.height, made.root) == (
            head.log_index,
            head.height,
            head.post_root,
        )
        assert made.claim == town.final_claim.number
        kept = (*KEPT, INBOX)
        with Database(tmp_path / "follower" / "chain", SCHEMA) as database:
            assert rows(database, *kept) == rows(town.follower.chain.database, *kept)
        with pytest.raises(RebuildRefused, match="there already"):
            await rebuild(tmp_path, "follower", MemoryL1(town.l1), b"", lambda _text: None)

    tell(plot)


def test_a_sequencer_comes_back_byte_for_byte_and_goes_on(tell: Tell, tmp_path: Path) -> None:
    async def plot(town: Town) -> None:
        l1 = MemoryL1(town.l1)
        made = await rebuild(tmp_path, "sequencer", l1, SEQUENCER_KEY, lambda _text: None)
        assert made.height == town.core.cursor.height
        disk = ChainStore(tmp_path / "sequencer" / "chain", "test", town.contract)
        assert rows(disk.database, *KEPT) == rows(town.disk.database, *KEPT)
        assert len(rows(disk.database, PLACES)) == ORDERS + len(town.taken)
        assert disk.final_mark().height == made.height
        signer = BlockSigner(SEQUENCER_KEY, town.contract.rules.chain_id)
        core = Sequencer(town.contract.rules, disk.state.memory, signer, disk.find)
        core.observe(core.inbox_from, [], town.core.horizon)
        ours, theirs = (each.build(town.l1.time) for each in (core, town.core))
        assert ours is not None
        assert theirs is not None
        assert ours.source == theirs.source
        assert ours.block.signature == theirs.block.signature
        disk.close()

    tell(plot)


def test_what_cannot_be_made_is_refused_and_nothing_stays(tell: Tell, tmp_path: Path) -> None:
    async def plot(town: Town) -> None:
        l1 = MemoryL1(town.l1)

        async def refused(role: str, match: str) -> None:
            with pytest.raises((RebuildRefused, L1Unreachable), match=match):
                await rebuild(tmp_path, role, l1, SEQUENCER_KEY, lambda _text: None)
            assert not (tmp_path / role / "chain").exists()

        data, town.l1.data[1] = town.l1.data[1], b""
        await refused("sequencer", "log entry 1: L1 does not have its bytes")
        town.l1.data[1] = data
        town.l1.unreachable = True
        await refused("follower", "no answer")

    tell(plot)


def test_a_follower_comes_back_as_it_was_then(tell: Tell, tmp_path: Path) -> None:
    async def plot(town: Town) -> None:
        l1, whole = MemoryL1(town.l1), len(town.state.log)
        assert whole > 2
        roots = {}
        for until in range(whole + 1):
            folder = tmp_path / str(until)
            made = await rebuild(folder, "follower", l1, b"", lambda _text: None, until)
            assert made.log_index == until
            roots[until] = made.root
            claim = town.state.claims[made.claim]
            assert claim.output.log_index <= until
            assert claim.status is ClaimStatus.FINAL
            if claim.output.log_index == until:
                assert claim.output.post_root == made.root
        assert roots[0] == town.contract.genesis.post_root
        assert roots[whole] == town.follower.chain.head.post_root
        assert len(set(roots.values())) == len(roots)
        for role, until, match in (("poster", whole + 1, "entries, not"), ("sequencer", 1, "end")):
            with pytest.raises(RebuildRefused, match=match):
                await rebuild(tmp_path, role, l1, SEQUENCER_KEY, lambda _text: None, until)
            assert not (tmp_path / role / "chain").exists()
        # It is an ordinary follower's store: it goes on from there.
        contract, place = town.contract, tmp_path / "1" / "follower"
        again = Follower(place, contract, l1)
        assert await again.deriver.refresh()
        assert again.chain.head == town.follower.chain.head
        again.close()

    tell(plot)


def test_a_sequencer_takes_over_what_others_appended(tell: Tell, tmp_path: Path) -> None:
    async def plot(town: Town) -> None:
        index, l1 = len(town.state.log), MemoryL1(town.l1)
        town.l1.execute(POSTER, Append(index, encode_entry([b"no frame"])))
        roots = set()
        for role in ("sequencer", "follower"):
            made = await rebuild(tmp_path, role, l1, SEQUENCER_KEY, lambda _text: None)
            assert made.log_index == index + 1
            roots.add((made.height, made.root))
        assert len(roots) == 1
        disk = ChainStore(tmp_path / "sequencer" / "chain", "test", town.contract)
        last = disk.archive.read(made.height)
        assert last is not None
        assert (last.frame, last.signature) == (b"", b"")
        disk.close()

    tell(plot)
