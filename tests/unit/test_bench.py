"""The benchmarks' runner: names, promises, records, and who used the processor."""

import json
from pathlib import Path

import pytest

from bench import figures, measurements, steps
from bench.arena import Arena
from bench.engine import ACCOUNTS, DEPOSIT, Traders, engine_rules
from bench.figures import Figure, measure_loop, table_of, write_latest
from bench.load import BULK_LEGS, Load
from bench.measurements import MEASUREMENTS, Broken, Unavailable, chosen
from bench.processor import CLIENT, busiest_between, process_seconds, used_between
from bench.replaying import ENTRY_FRAMES
from bench.steps import CASES, Case
from devnet.identities import identity_of
from prover.entry import ENTRY_BYTES_MAX, FRAME_BYTES_MAX, encode_entry
from sextant.client.clock import NodeClock
from statemachine.actions import Bulk, decode_transaction
from statemachine.identity.signing import Domain, recover_signer

PROMISED = {
    *("engine.interpreted", "engine.compiled", "tree.dirty_key", "grpc.single", "grpc.bulk"),
    *("ack.p50", "ack.p99", "l1.bytes_single", "l1.bytes_bulk", "replay.ratio"),
    *("verdict.gas", "verdict.time", "verdict.proof"),
}


def test_every_promised_figure_is_measured() -> None:
    assert {name for known in MEASUREMENTS for name in known.names} >= PROMISED


def test_names_choose_figures_and_groups() -> None:
    assert [m.module for m in chosen(["tree"])] == ["bench.tree"]
    assert [m.variant for m in chosen(["engine"])] == ["interpreted", "compiled"]
    assert [m.variant for m in chosen(["engine.compiled"])] == ["compiled"]
    assert chosen([]) == list(MEASUREMENTS)
    with pytest.raises(Unavailable, match="no benchmark tre; there are: ack"):
        chosen(["tre"])


def test_figures_on_record_outlive_other_benchmarks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "LATEST", tmp_path / "latest.json")
    write_latest([Figure("b.one", 1.5, "s"), Figure("a.two", 2, "us", "twice", ceiling=3)])
    write_latest([Figure("b.one", 2.5, "s")])
    stored = json.loads((tmp_path / "latest.json").read_text())
    assert list(stored) == ["a.two", "b.one"]
    assert stored["b.one"]["value"] == 2.5
    assert stored["a.two"].keys() == {"value", "unit", "note", "ceiling", "machine", "commit"}


def test_a_missed_promise_shows() -> None:
    table = table_of(
        [Figure("x.slow", 10, "orders/s", floor=20), Figure("x.fast", 4, "us", ceiling=5)]
    )
    slow, fast = table.splitlines()[1:]
    assert ">= 20.0 MISSED" in slow
    assert "<= 5 " in f"{fast} "
    assert "MISSED" not in fast


def test_a_figure_says_how_fast_the_machine_was(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measure_loop() > 0
    turns = iter((30.0, 50.0))
    monkeypatch.setattr(measurements, "measure_loop", lambda: next(turns))
    monkeypatch.setattr(measurements, "RUNNER", """print('[{"name":"x","value":1,"unit":"s"}]')""")
    [figure] = measurements.Measurement(("x",), "bench.absent", compiled=False).run()
    assert figure.loop_ns == 40
    assert "  40 ns" in table_of([figure])


def test_full_frames_of_a_replayed_entry_fit_it() -> None:
    frames = [bytes(FRAME_BYTES_MAX)] * ENTRY_FRAMES
    assert len(encode_entry(frames)) <= ENTRY_BYTES_MAX


def test_a_benchmark_that_fails_says_so() -> None:
    with pytest.raises(Broken, match="absent"):
        measurements.Measurement(("x",), "bench.absent", compiled=False).run()


def test_the_engine_is_loaded_with_the_mix() -> None:
    arena = Arena(engine_rules())
    arena.fund(ACCOUNTS, DEPOSIT)
    traders = Traders(arena, "mix")
    for _ in range(12):
        traders.learn(arena.run(traders.next_block()))
    assert traders.codes["OK"] > 0.9 * traders.codes.total()
    assert arena.seconds > 0
    resting = sum(1 for key in arena.store.values if key[0] == 0x30)
    assert resting == len(traders.resting) > 500


def test_load_is_signed_by_its_accounts() -> None:
    clock = NodeClock()
    clock.set(1_700_000_000_000, 0)
    domain = Domain(1, bytes(20))
    identities = [identity_of(f"bench-{number}") for number in range(3)]
    load = Load(identities, domain, clock, market=1, mid=600_000, tick=10, lag=30)
    known = {identity.address for identity in identities}
    singles, bulks = (
        [decode_transaction(data) for data in made] for made in (load.singles(50), load.bulks(4))
    )
    assert (len(singles), len(bulks)) == (50, 4)
    assert {recover_signer(domain, transaction) for transaction in singles + bulks} <= known
    for bulk in bulks:
        assert isinstance(bulk.action, Bulk)
        assert len(bulk.action.legs) == BULK_LEGS


def test_processor_time_is_told_by_role() -> None:
    before = process_seconds()
    sum(range(3_000_000))
    after = process_seconds()
    assert used_between(before, after)[CLIENT] > 0.01


def test_the_busiest_process_is_one_process() -> None:
    before = {(1, CLIENT): 5.0, (2, "roots"): 1.0, (3, "signatures"): 0.0}
    after = {(1, CLIENT): 9.0, (2, "roots"): 3.0, (3, "signatures"): 1.5, (4, "signatures"): 1.5}
    assert busiest_between(before, after) == 4.0
    assert busiest_between(before, after, frozenset({CLIENT})) == 2.0
    assert used_between(before, after) == {CLIENT: 4.0, "signatures": 3.0, "roots": 2.0}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_kind_of_step_does_what_it_is_measured_for(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "ROUNDS", 1)
    cost, count = steps.measure_case(case)
    assert cost >= 0
    assert count >= 1
