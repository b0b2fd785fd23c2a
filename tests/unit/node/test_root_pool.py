"""Roots computed elsewhere: the same as here, whatever happens to the workers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import final

import pytest

from node.derivation import roots as root_work
from node.derivation.derived import DerivedChain
from node.derivation.roots import RootPool, workers_for
from node.ledger.segments import SegmentRoots
from node.process import recovery
from node.process.recovery import RecoveryPool
from prover.accusation import accuse, build_segment, find_fault, rehearse
from prover.contract.inbox import ACCUMULATOR_EMPTY, accumulate
from prover.derivation import EntryRecord
from prover.drill import CORRUPTIONS, corrupt, facts_about, garble
from prover.outputs import Output, genesis_output, trace_root
from prover.replica import Derived, Replica, genesis_replica
from prover.roots import Roots, Writes
from prover.traffic import START_MS, Traffic
from statemachine.errors import StorageCorrupt
from statemachine.identity.signing import Domain
from statemachine.merkle.tree import Tree
from tests.l1_worlds import deployment
from tests.unit.test_gauges import as_log


@pytest.fixture
def traffic() -> Traffic:
    return Traffic(12)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[RootPool]:
    monkeypatch.setattr(root_work, "ENTRY_BYTES_MIN", 0)
    found = RootPool(1)
    yield found
    found.close()


def both(traffic: Traffic, roots: Roots) -> tuple[Replica, Replica]:
    """Return a replica whose roots are computed elsewhere, and one that computes them."""
    ahead = genesis_replica(traffic.rules, START_MS, roots=roots)
    alone = genesis_replica(traffic.rules, START_MS)
    return ahead, alone


def feed(traffic: Traffic, replicas: Sequence[Replica], entry: EntryRecord) -> list[Derived]:
    """Feed all replicas with an entry; they find the same."""
    for replica in replicas:
        replica.add_inbox(0, traffic.inbox)
    derived = [replica.feed(entry) for replica in replicas]
    assert all(each.output == derived[0].output for each in derived)
    assert all(each.trace == derived[0].trace for each in derived)
    return derived


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_roots_are_those_that_the_replica_would_have_computed(
    traffic: Traffic, pool: RootPool, workers: int
) -> None:
    pool.count = workers
    ahead, alone = both(traffic, pool)
    for _ in range(3):
        feed(traffic, (ahead, alone), traffic.make_entry(7, 30))
    assert len(pool.workers) == workers
    assert ahead.late.made is None
    assert ahead.tree.root == ahead.head.post_root


def test_a_witness_over_a_late_tree_is_the_same(traffic: Traffic, pool: RootPool) -> None:
    ahead, alone = both(traffic, pool)
    found = [feed(traffic, (ahead, alone), traffic.make_entry(3, 20)) for _ in range(4)]
    late, made = found[2]
    assert late.late.made is None
    assert made.late.made is not None
    for segment in (1, len(made.trace) - 1):
        witnesses = [
            build_segment(replica.rules, derived, derived.trace, segment, replica.recover).encode()
            for replica, derived in ((ahead, late), (alone, made))
        ]
        assert witnesses[0] == witnesses[1]


def lies_about(derived: Derived) -> Iterator[tuple[Output, list[bytes]]]:
    """Yield wrong claims: every kind of corruption, and every root of the trace by itself."""
    for how in CORRUPTIONS:
        yield corrupt(derived, how, 1, "lie")
    for place in range(1, len(derived.trace) - 1):
        trace = list(derived.trace)
        trace[place] = garble(trace[place], "lie")
        yield replace(derived.output, trace_root=trace_root(trace)), trace


def test_every_lie_is_convicted_over_late_trees(traffic: Traffic, pool: RootPool) -> None:
    ahead, alone = both(traffic, pool)
    feed(traffic, (ahead, alone), traffic.make_entry(2, 20))
    late, made = feed(traffic, (ahead, alone), traffic.make_entry(2, 30))
    assert len(late.trace) > 4
    for output, trace in lies_about(late):
        fault = find_fault(late, output, trace)
        assert fault == find_fault(made, output, trace)
        assert fault is not None
        proofs = [
            accuse(replica.rules, derived, output, trace, fault, replica.recover)
            for replica, derived in ((ahead, late), (alone, made))
        ]
        assert proofs[0] == proofs[1]
        assert rehearse(facts_about(ahead, late, output), proofs[0]).guilty


def test_a_chain_on_disk_is_the_same_with_workers(
    traffic: Traffic, pool: RootPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "BATCH_BYTES_MIN", 0)
    rules = traffic.rules
    signers = RecoveryPool(Domain(rules.chain_id, rules.rollup), 1)
    root = genesis_replica(rules, START_MS).tree.root
    genesis = genesis_output(rules.chain_id, rules.hash, root)
    contract = deployment(rules=rules, genesis=genesis, genesis_time_ms=START_MS)
    ahead = DerivedChain(tmp_path / "ahead", "test", contract, signers, pool)
    alone = DerivedChain(tmp_path / "alone", "test", contract)

    def follow(entry: EntryRecord) -> None:
        accumulator = ACCUMULATOR_EMPTY
        for item in traffic.inbox[: entry.inbox_count]:
            accumulator = accumulate(accumulator, item)
        for chain in (ahead, alone):
            chain.add_inbox(0, traffic.inbox)
            chain.feed(as_log(entry, accumulator=accumulator))
        assert ahead.head == alone.head
        assert ahead.step(ahead.head.log_index) == alone.step(alone.head.log_index)
        assert ahead.trees[ahead.head.log_index].root == ahead.head.post_root

    follow(traffic.make_entry(3, 20))
    lost = traffic.make_entry(3, 20)
    follow(lost)
    for chain in (ahead, alone):
        chain.undo()
    pool.workers[0].process.kill()
    follow(replace(lost, time=lost.time + 1))
    assert signers.local == 0
    ahead.close()
    again = DerivedChain(tmp_path / "ahead", "test", contract, signers, pool)
    assert again.head == alone.head
    again.close()
    alone.close()
    signers.close()


def test_a_worker_that_dies_costs_time_only(traffic: Traffic, pool: RootPool) -> None:
    ahead, alone = both(traffic, pool)
    pool.count = 2
    feed(traffic, (ahead, alone), traffic.make_entry(4, 20))
    for victim in (0, 1):
        pool.workers[victim].process.kill()
        pool.workers[victim].process.wait()
        feed(traffic, (ahead, alone), traffic.make_entry(6, 20))
        assert not pool.workers
        assert not ahead.rooting
        feed(traffic, (ahead, alone), traffic.make_entry(4, 20))
        assert len(pool.workers) == 2


def test_what_is_taken_back_is_not_in_later_roots(traffic: Traffic, pool: RootPool) -> None:
    ahead, alone = both(traffic, pool)
    feed(traffic, (ahead, alone), traffic.make_entry(3, 20))
    lost = traffic.make_entry(3, 20)
    feed(traffic, (ahead, alone), lost)
    for replica in (ahead, alone):
        replica.undo()
    assert ahead.tree.root == alone.tree.root
    moved = EntryRecord(lost.index, lost.data, lost.time + 1, lost.inbox_count)
    feed(traffic, (ahead, alone), moved)


def test_an_entry_that_breaks_off_leaves_no_roots_behind(
    traffic: Traffic, pool: RootPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead, alone = both(traffic, pool)
    feed(traffic, (ahead, alone), traffic.make_entry(2, 20))
    entry = traffic.make_entry(2, 20)
    with monkeypatch.context() as patch:
        patch.setattr(ahead, "recover", refuse_all)
        with pytest.raises(StorageCorrupt):
            ahead.feed(entry)
    feed(traffic, (ahead, alone), entry)


def refuse_all(_transactions: object) -> list[bytes]:
    raise StorageCorrupt("the disk is gone")


def test_small_entries_start_no_worker(traffic: Traffic) -> None:
    pool = RootPool(1)
    ahead, alone = both(traffic, pool)
    feed(traffic, (ahead, alone), traffic.make_entry(1, 5))
    assert not pool.workers


def test_there_are_as_many_workers_as_processors_for_them() -> None:
    assert [workers_for(count) for count in (1, 2, 4, 5, 6, 64)] == [0, 1, 1, 1, 2, 2]


@final
class Liar:
    """Says of every segment that its root is zero."""

    def __init__(self) -> None:
        self.count = 0

    def is_worth(self, _size: int) -> bool:
        return True

    def start(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        assert dict(items)

    def advance(self, segments: Sequence[Writes]) -> None:
        self.count += len(segments)

    def take(self) -> list[bytes]:
        count, self.count = self.count, 0
        return [bytes(32)] * count


def test_roots_that_the_state_does_not_have_are_noticed(traffic: Traffic) -> None:
    ahead, _ = both(traffic, Liar())
    ahead.add_inbox(0, traffic.inbox)
    ahead.feed(traffic.make_entry(2, 10))
    with pytest.raises(StorageCorrupt, match="computed elsewhere"):
        assert ahead.tree
    ahead, _ = both(traffic, Liar())
    ahead.late_keys_max = 0  # as a follower has it
    again = Traffic(12)
    ahead.add_inbox(0, again.inbox)
    entry = again.make_entry(2, 10)
    with pytest.raises(StorageCorrupt, match="computed elsewhere"):
        ahead.feed(entry)


def test_skipped_blocks_are_in_the_roots_of_the_next() -> None:
    blocks: list[list[dict[bytes, bytes | None]]] = [
        [{b"\x01a": b"1", b"\x01b": b"2"}, {b"\x01a": None}],
        [{b"\x01c": b"3"}],
        [{b"\x01b": b"4"}, {b"\x01c": None, b"\x01d": b"5"}],
    ]
    whole, part = SegmentRoots(Tree(), 0), SegmentRoots(Tree(), 0)
    roots = [whole.advance(height, segments) for height, segments in enumerate(blocks, 1)]
    part.skip(1, blocks[0])
    part.skip(2, blocks[1])
    assert part.advance(3, blocks[2]) == roots[2]
    with pytest.raises(StorageCorrupt, match="block 5 came after 3"):
        part.skip(5, [])
