"""What a challenger does with blocks that an exchange has made, and what that takes.

The blocks are put into log entries as the poster would, and derived by a replica whose
signers are recovered, and whose roots are computed, in processes of their own.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from bench.processor import busiest_between, process_seconds
from devnet.genesis import GENESIS_TIME_MS, devnet_rules
from node.derivation.roots import RootPool
from node.process.garbage import tame_collector
from node.process.recovery import RecoveryPool
from proto.sextant.v1 import query_pb2
from prover.entry import ENTRY_BYTES_MAX, FRAME_BYTES_MAX, encode_entry
from prover.outputs import genesis_output
from prover.replica import Replica
from statemachine.genesis import genesis_state
from statemachine.identity.signing import Domain
from statemachine.inbox import decode_inbox_item
from statemachine.merkle.tree import Tree
from statemachine.storage import MemoryStore

ENTRY_FRAMES: Final = ENTRY_BYTES_MAX // FRAME_BYTES_MAX - 1
"""Full frames that fit an entry, with its head."""


@final
@dataclass(frozen=True, slots=True)
class PostedBlocks:
    """A log entry as L1 would hold it."""

    index: int
    data: bytes
    time: int
    inbox_count: int
    version: int = 1


@final
@dataclass(frozen=True, slots=True)
class Replay:
    """The seconds that some blocks took, and those that the busiest process used."""

    seconds: float
    busiest: float


def replay(
    blocks: list[query_pb2.Block], spans: Sequence[tuple[int, int]], *, recovery: int, roots: int
) -> list[Replay]:
    """Derive blocks from the first one on; time each span of (first, last) heights.

    The entries of a span are known before the first of them is derived, as to a challenger
    that catches up.  ``recovery`` and ``roots`` are the workers of either kind; none of the
    latter: the replica computes roots itself.
    """
    rules = devnet_rules()
    state = genesis_state(rules, GENESIS_TIME_MS)
    tree = Tree.from_items(sorted(state.items()))
    head = genesis_output(rules.chain_id, rules.hash, tree.root)
    recover = RecoveryPool(Domain(rules.chain_id, rules.rollup), recovery)
    pool = RootPool(roots) if roots else None
    replica = Replica(rules, MemoryStore(state.items()), tree, head, recover, roots=pool)
    tame_collector()
    replica.add_inbox(0, [decode_inbox_item(item) for block in blocks for item in block.inbox])
    timed = []
    done = 0
    for first, last in spans:
        for entry in entries_of(blocks[done : first - 1], replica.next_index):
            replica.feed(entry)
        entries = entries_of(blocks[first - 1 : last], replica.next_index)
        before = process_seconds()
        started = time.perf_counter()
        replica.expect(entries)
        for entry in entries:
            replica.feed(entry)
        seconds = time.perf_counter() - started
        timed.append(Replay(seconds, busiest_between(before, process_seconds())))
        if replica.head.height != blocks[last - 1].header.height:
            raise RuntimeError(f"replayed to {replica.head.height}, not {last}")
        done = last
    recover.close()
    if pool is not None:
        pool.close()
    return timed


def entries_of(blocks: Sequence[query_pb2.Block], index: int) -> list[PostedBlocks]:
    """Return blocks as log entries, the first of which has ``index``."""
    entries: list[PostedBlocks] = []
    for start in range(0, len(blocks), ENTRY_FRAMES):
        part = blocks[start : start + ENTRY_FRAMES]
        data = encode_entry([block.frame for block in part])
        seen = part[-1].inbox_from + len(part[-1].inbox)
        entries.append(PostedBlocks(index + len(entries), data, part[-1].header.time_ms, seen))
    return entries
