"""Signed blocks against L1: what is said of a broken promise, when, and when not."""

from pathlib import Path

import pytest

from prover.betrayal import SignedBlock
from prover.cli.kept import ReceiptsUnreadable, signed_blocks
from prover.gauges import Surroundings, watch_figures
from prover.pledges import Pledges
from sextant.client.receipt_store import KeptBlock, ReceiptStore
from sextant.client.receipts import Header, Sequenced
from tests.simulation.test_challenger import Post
from tests.unit.test_promises import Exchange


class Watch:
    """A watcher who is given signed blocks, as they are put into a list."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.post: Post = exchange.station(defends=False)
        self.kept: list[SignedBlock] = []
        core = self.post.core
        core.pledges = Pledges(exchange.deployment, lambda: self.kept, core.replica.head)

    def look(self, blocks: int = 4, step_ms: int = 1_000) -> list[str]:
        """Let L1 go on, look once, and return every alert that there was so far."""
        self.exchange.chain.mine(blocks, step_ms)
        self.post.round()
        return [line for line in self.post.said.splitlines() if "promise broken" in line]

    @property
    def figures(self) -> tuple[int, int]:
        found = watch_figures(self.post.core, Surroundings())
        return found["promises_held"], found["promises_broken"]


@pytest.fixture
def exchange() -> Exchange:
    made = Exchange()
    made.extend()
    made.extend()
    return made


def test_a_kept_promise_is_held_and_not_broken(exchange: Exchange) -> None:
    watch = Watch(exchange)
    watch.kept += [exchange.sign(end) for end in exchange.ends()]
    assert watch.look() == []
    assert watch.figures == (len(watch.kept), 0)
    late = exchange.deployment.rules.receipt_deadline_ms
    assert watch.look(step_ms=late) == []


def test_another_block_than_was_signed_is_told_once_and_only_when_it_is_final(
    exchange: Exchange,
) -> None:
    watch = Watch(exchange)
    end = exchange.ends()[-1]
    watch.kept.append(exchange.sign(end, cost=end.cost ^ 1))
    assert watch.look(blocks=0) == [], "L1 may still take the entry back"
    [line] = watch.look()
    assert f"CONTRADICTED: block {end.height}" in line
    assert "`sextant receipt accuse`" in line
    assert len(watch.look()) == 1
    assert watch.figures == (1, 1)


def test_two_blocks_at_one_height_need_no_l1(exchange: Exchange) -> None:
    watch = Watch(exchange)
    last = exchange.ends()[-1]
    watch.kept += [exchange.sign(last, height=last.height + 1, cost=cost) for cost in (1, 2)]
    [line] = watch.look(blocks=1)
    assert "EQUIVOCATION" in line


def test_a_block_that_does_not_come_is_withheld_once_its_deadline_is_final(
    exchange: Exchange,
) -> None:
    watch = Watch(exchange)
    last = exchange.ends()[-1]
    watch.kept.append(exchange.sign(last, height=last.height + 1))
    deadline = exchange.deployment.rules.receipt_deadline_ms
    assert watch.look(step_ms=deadline // 100) == []
    [line] = watch.look(step_ms=deadline)
    assert f"WITHHELD: block {last.height + 1}" in line


def test_nothing_is_missing_from_a_log_that_is_not_known_whole(exchange: Exchange) -> None:
    watch = Watch(exchange)
    end = exchange.ends()[-1]
    watch.kept.append(exchange.sign(end))
    data, exchange.chain.data[-1] = exchange.chain.data[-1], b""
    deadline = exchange.deployment.rules.receipt_deadline_ms
    assert watch.look(step_ms=deadline) == []
    exchange.chain.data[-1] = data
    assert watch.look() == []
    assert watch.figures == (1, 0)


def test_a_stranger_promises_nothing(exchange: Exchange) -> None:
    watch = Watch(exchange)
    end = exchange.ends()[0]
    watch.kept.append(SignedBlock(exchange.sign(end, cost=7).cursor, bytes(65)))
    assert watch.look() == []
    assert watch.figures == (0, 0)


def test_blocks_that_came_before_the_state_are_named(exchange: Exchange) -> None:
    watch = Watch(exchange)
    assert watch.post.core.pledges is not None
    watch.post.core.pledges.height = watch.post.core.pledges.next_entry = 10**6
    watch.kept.append(exchange.sign(exchange.ends()[0], cost=7))
    exchange.chain.mine()
    watch.post.round()
    assert "1 signed blocks are older than the state" in watch.post.said
    assert watch.figures == (1, 0)


def test_kept_blocks_are_read_again_when_there_are_more(tmp_path: Path) -> None:
    store = ReceiptStore(tmp_path)
    read = signed_blocks(tmp_path)
    assert list(read(7)) == []

    def keep(height: int) -> None:
        header = Header(
            chain_id=7,
            height=height,
            time_ms=1,
            cursor=b"cursor",
            receipts_root=bytes(32),
            receipts_count=1,
            signature=bytes([height]) * 65,
        )
        store.keep(Sequenced(transaction_hash=bytes(32), receipts=(), header=header))

    keep(1)
    assert list(read(7)) == [SignedBlock(b"cursor", b"\1" * 65)]
    assert list(read(7)) == []
    keep(2)
    assert SignedBlock(b"cursor", b"\2" * 65) in read(7)
    assert [type(each) for each in store.read(7)] == [KeptBlock, KeptBlock]


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReceiptsUnreadable, match="nowhere is no directory of signed blocks"):
        signed_blocks(tmp_path / "nowhere")
