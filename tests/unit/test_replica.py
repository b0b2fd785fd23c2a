"""Replicas: one reading of the log, taken back and fed again, is the same."""

from dataclasses import replace

import pytest

from prover.contract.records import RulesVersion
from prover.derivation import EntryRecord
from prover.entry import encode_entry, parse_entry
from prover.replica import Replica, genesis_replica
from prover.rulesbook import RulesBook, RulesUnknown, decode_book, settled_versions
from prover.traffic import START_MS, Traffic, traffic_rules
from statemachine.errors import InvariantBroken, StorageCorrupt
from statemachine.frame import encode_frame
from statemachine.merkle.tree import Tree
from statemachine.storage import MemoryStore


def make_log(seed: int, count: int) -> tuple[Traffic, list[EntryRecord]]:
    traffic = Traffic(seed)
    return traffic, [traffic.make_entry(2, 30) for _ in range(count)]


def fresh_replica(traffic: Traffic) -> Replica:
    replica = genesis_replica(traffic.rules, START_MS)
    replica.add_inbox(0, traffic.inbox)
    return replica


def test_two_replicas_agree_and_undo_leads_back() -> None:
    traffic, log = make_log(3, 5)
    first, second = fresh_replica(traffic), fresh_replica(traffic)
    outputs = [first.feed(entry).output for entry in log]
    for entry in log[:2]:
        second.feed(entry)
    state = dict(second.tree.items())
    for entry in log[2:]:
        second.feed(entry)
    assert second.head == first.head
    for _ in log[2:]:
        second.undo()
    assert second.head == outputs[1]
    assert second.tree.root == outputs[1].post_root
    assert dict(second.tree.items()) == state
    assert isinstance(second.store, MemoryStore)
    assert second.store.values == state
    assert [second.feed(entry).output for entry in log[2:]] == outputs[2:]


def test_the_flat_state_is_the_state_of_the_tree() -> None:
    traffic, log = make_log(4, 4)
    replica = fresh_replica(traffic)
    for entry in log:
        derived = replica.feed(entry)
        assert derived.trace[-1] == replica.tree.root == replica.head.post_root
        assert len(derived.trace) == derived.output.segments + 1
    assert isinstance(replica.store, MemoryStore)
    assert Tree.from_items(sorted(replica.store.values.items())).root == replica.tree.root
    assert dict(replica.tree.items()) == replica.store.values


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x01\x00\x01\x00\x00\x00\x00"])
def test_an_entry_without_a_valid_frame_makes_one_empty_block(data: bytes) -> None:
    traffic, log = make_log(5, 2)
    replica = fresh_replica(traffic)
    for entry in log:
        replica.feed(entry)
    before = replica.head
    framed_at = replica.cursor.framed_at
    assert framed_at == replica.cursor.time
    later = EntryRecord(len(log), data, log[-1].time + 5_000, log[-1].inbox_count)
    derived = replica.feed(later)
    assert len(parse_entry(data)) == 1
    assert derived.output.height == before.height + 1
    assert derived.blocks[0].block.frame is None
    assert replica.cursor.time == later.time
    assert replica.cursor.framed_at == framed_at


def test_overdue_items_are_consumed_without_a_frame() -> None:
    traffic = Traffic(6)
    replica = fresh_replica(traffic)
    overdue = START_MS + traffic.rules.inbox_deadline_ms
    waiting = replica.feed(EntryRecord(0, b"", overdue - 1, len(traffic.inbox)))
    assert waiting.output.inbox_index == 0
    consumed = replica.feed(EntryRecord(1, b"", overdue, len(traffic.inbox)))
    assert consumed.output.inbox_index == len(traffic.inbox)


def test_history_answers_until_it_is_forgotten() -> None:
    traffic, log = make_log(8, 4)
    replica = fresh_replica(traffic)
    for entry in log:
        replica.feed(entry)
    assert [replica.derived_at(i).facts.index for i in range(4)] == [0, 1, 2, 3]  # type: ignore[union-attr]  # they exist
    assert len(replica.forget(2)) == 2
    assert replica.derived_at(1) is None
    assert replica.derived_at(2) is not None
    assert replica.derived_at(4) is None


def test_what_cannot_be_fed_is_refused() -> None:
    traffic, log = make_log(9, 1)
    replica = genesis_replica(traffic.rules, START_MS)
    with pytest.raises(InvariantBroken, match="inbox"):
        replica.feed(log[0])
    replica.add_inbox(0, traffic.inbox)
    with pytest.raises(InvariantBroken, match="entry 0"):
        replica.feed(EntryRecord(1, b"", START_MS, 0))
    with pytest.raises(StorageCorrupt, match="root"):
        Replica(traffic_rules(), MemoryStore(), Tree(), replica.head)


def test_the_time_of_an_empty_block_does_not_go_back() -> None:
    traffic = Traffic(10)
    replica = fresh_replica(traffic)
    frame = encode_frame(1, START_MS + 10_000, 0, [])
    ahead = EntryRecord(0, encode_entry([frame]), START_MS + 1, len(traffic.inbox))
    assert replica.feed(ahead).blocks[0].block.frame is not None
    replica.feed(EntryRecord(1, b"", START_MS + 2, len(traffic.inbox)))
    assert replica.cursor.time == START_MS + 10_000
    replica.feed(EntryRecord(2, b"", START_MS + 10_001, len(traffic.inbox)))
    assert replica.cursor.time == START_MS + 10_001


def test_a_frame_cannot_name_items_that_were_queued_after_its_entry() -> None:
    traffic = Traffic(10)
    replica = fresh_replica(traffic)
    frame = encode_frame(1, START_MS + 1, 5, [])
    early = replica.feed(EntryRecord(0, encode_entry([frame]), START_MS + 1, 4))
    assert early.blocks[0].block.frame is None
    assert early.output.inbox_index == 0
    replica.undo()
    late = replica.feed(EntryRecord(0, encode_entry([frame]), START_MS + 1, 5))
    assert late.output.inbox_index == 5


def test_an_entry_is_executed_by_the_rules_that_it_names() -> None:
    traffic = Traffic(5)
    log = [traffic.make_entry(2, 20) for _ in range(3)]
    first = traffic.rules
    after = replace(first, referral_ppm=first.referral_ppm + 1)
    listed = RulesVersion(2, START_MS, after.encode(), 1)
    replica = genesis_replica(first, START_MS)
    replica.add_inbox(0, traffic.inbox)
    with pytest.raises(RulesUnknown, match=r"version 2 is in force, .*did not list it"):
        replica.feed(replace(log[0], version=2))
    assert replica.head.log_index == 0
    old = replica.feed(log[0])
    assert replica.book.learn([listed]) == [listed]
    assert replica.book.learn([listed]) == []
    new = replica.feed(replace(log[1], version=2))
    assert (old.rules, old.output.rules_hash) == (first, first.hash)
    assert (new.rules, new.output.rules_hash) == (after, after.hash)
    assert new.output.post_root != old.output.post_root
    assert replica.undo().rules == after
    assert replica.rules == first, "back to where it was"
    replica.book.learn([])
    again = Replica(first, replica.store, replica.tree, replica.head, book=replica.book)
    assert again.rules == first


def test_a_book_is_its_bytes_and_remembers_what_was_taken_back() -> None:
    first = traffic_rules()
    after = replace(first, referral_ppm=0)
    second = RulesVersion(2, 50, after.encode(), 7)
    third = RulesVersion(3, 90, b"\x91\x09", 12, 20)
    book = RulesBook(first, [second, third])
    again = decode_book(first, book.encode())
    assert again.versions == book.versions
    assert [book.version_at(time) for time in (0, 49, 50, 1_000)] == [1, 1, 2, 2]
    assert book.coming(49) == second
    assert book.coming(50) is None, "the third was taken back"
    assert settled_versions([second, third], 6) == []
    assert settled_versions([second, third], 15) == [second, replace(third, cancelled=0)]
    assert settled_versions([second, third], 20) == [second, third]
    assert "need an array" in book.why_not(3)
    book.learn([])
    assert book.named(after.hash) == after
    with pytest.raises(RulesUnknown, match="did not list them"):
        book.named(bytes(32))
    assert decode_book(first, b"").versions == {}
