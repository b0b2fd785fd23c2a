"""Signers recovered ahead: the same as here, whatever happens to the workers."""

import os
from collections.abc import Iterator

import pytest

from node.process import recovery
from node.process.recovery import RecoveryPool, workers_for
from node.process.worker import send
from prover.challenger import Challenger
from prover.entry import encode_entry, parse_entry
from prover.outputs import genesis_output
from prover.replica import genesis_replica
from prover.traffic import START_MS, Traffic
from statemachine.frame import decode_frame
from statemachine.identity.signing import Domain, recover_signers
from tests.l1_worlds import deployment
from tests.unit.test_gauges import as_log


@pytest.fixture
def traffic() -> Traffic:
    return Traffic(11)


@pytest.fixture
def pool(traffic: Traffic, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecoveryPool]:
    monkeypatch.setattr(recovery, "BATCH_BYTES_MIN", 0)
    found = RecoveryPool(Domain(traffic.rules.chain_id, traffic.rules.rollup), 2)
    yield found
    found.close()


def test_a_replica_gets_the_signers_that_it_would_have_recovered(
    traffic: Traffic, pool: RecoveryPool
) -> None:
    log = [traffic.make_entry(4, 30) for _ in range(3)]
    ahead = genesis_replica(traffic.rules, START_MS, pool)
    alone = genesis_replica(traffic.rules, START_MS)
    for replica in (ahead, alone):
        replica.add_inbox(0, traffic.inbox)
        for entry in log:
            replica.feed(entry)
    assert ahead.head == alone.head
    assert pool.local == 0
    assert not pool.answers


def test_frames_that_are_none_and_answers_that_nobody_wants_do_no_harm(
    traffic: Traffic, pool: RecoveryPool
) -> None:
    entry = traffic.make_entry(3, 20)
    frames = parse_entry(entry.data)
    pool.expect([b"", b"garbage", frames[0], b"\xff" * 100, frames[1]])
    for frame in (frames[1], frames[0], frames[2]):  # in another order, and one more
        transactions = decode_frame(frame).transactions
        assert pool(transactions) == recover_signers(pool.domain, transactions)
    assert pool.local == 1
    pool.expect(parse_entry(encode_entry([frames[2]])))
    transactions = decode_frame(frames[2]).transactions
    assert pool(transactions) == recover_signers(pool.domain, transactions)
    assert pool.local == 1


def test_a_worker_that_dies_costs_time_only(traffic: Traffic, pool: RecoveryPool) -> None:
    frames = parse_entry(traffic.make_entry(6, 30).data)
    pool.expect(frames)
    for worker in pool.workers:
        worker.process.kill()
    for frame in frames:
        transactions = decode_frame(frame).transactions
        assert pool(transactions) == recover_signers(pool.domain, transactions)
    pool.expect(frames)
    assert not pool.workers


def test_small_batches_start_no_worker(traffic: Traffic) -> None:
    found = RecoveryPool(Domain(traffic.rules.chain_id, traffic.rules.rollup), 1)
    found.expect(parse_entry(traffic.make_entry(1, 5).data))
    assert not found.workers


def test_processors_are_left_to_execution_and_roots() -> None:
    assert [workers_for(count) for count in (1, 2, 4, 5, 6, 64)] == [1, 1, 2, 2, 3, 3]


def test_a_page_of_small_batches_is_recovered_ahead_as_one(
    traffic: Traffic, pool: RecoveryPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = [traffic.make_entry(2, 20) for _ in range(4)]
    frames = [frame for entry in log for frame in parse_entry(entry.data)]
    monkeypatch.setattr(recovery, "BATCH_BYTES_MIN", sum(map(len, frames)))
    replica = genesis_replica(traffic.rules, START_MS, pool)
    replica.add_inbox(0, traffic.inbox)
    rules = replica.rules
    genesis = genesis_output(rules.chain_id, rules.hash, replica.head.post_root)
    core = Challenger(deployment(rules=rules, genesis=genesis), replica, lambda: 0)
    page = [as_log(entry) for entry in log]
    core.expect(page)
    monkeypatch.setattr(recovery, "BATCH_BYTES_MIN", 0)
    for entry in log:
        replica.feed(entry)  # tells of its frames again: they are given once
    assert pool.local == 0
    assert not pool.answers
    assert sum(worker.owed for worker in pool.workers) == 0
    core.expect(page)
    assert sum(worker.owed for worker in pool.workers) == 0  # what is derived is not expected


def test_a_worker_whose_parent_has_gone_ends_without_a_word() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(SystemExit) as ended, os.fdopen(writing, "wb", buffering=0) as stream:
        send(stream, b"an answer")
    assert ended.value.code == 0
