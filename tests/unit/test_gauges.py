"""What a challenger watches besides claims: figures by hand, and alarms that ring once."""

from collections.abc import Sequence

import pytest

from prover.challenger import Challenger
from prover.contract.inbox import ACCUMULATOR_EMPTY, accumulate
from prover.contract.log import LogEntry
from prover.contract.records import QueuedItem
from prover.derivation import EntryRecord
from prover.entry import data_root
from prover.gauges import UNKNOWN, WATCHED, Surroundings, Watchman, watch_figures
from prover.l1 import Heads, L1Block
from prover.outputs import genesis_output
from prover.replica import genesis_replica
from prover.traffic import START_MS, Traffic
from statemachine import keys
from statemachine.inbox import InboxItem
from statemachine.records import decode_ledger, decode_market
from tests.l1_worlds import deployment


class Scene:
    """A challenger that has derived some traffic."""

    def __init__(self) -> None:
        self.traffic = Traffic(5)
        rules = self.traffic.rules
        replica = genesis_replica(rules, START_MS)
        genesis = genesis_output(rules.chain_id, rules.hash, replica.head.post_root)
        self.core = Challenger(deployment(rules=rules, genesis=genesis), replica, lambda: 0)
        self.last = self.feed()

    def feed(self) -> EntryRecord:
        """Let the challenger derive one more entry."""
        entry = self.traffic.make_entry(3, 30)
        fresh = self.traffic.inbox[len(self.core.items) :]
        self.queue(fresh)
        self.core.on_entry(self.as_log(entry))
        return entry

    def queue(self, fresh: Sequence[InboxItem]) -> None:
        """Let the challenger read inbox items, as L1 hashed them."""
        items = self.core.items
        for item in fresh:
            accumulator = accumulate(self.accumulator(len(items)), item)
            self.core.on_items([QueuedItem(len(items), item, 0, accumulator)])

    def accumulator(self, count: int) -> bytes:
        """Return the hash of the first items."""
        return self.core.items[count - 1].accumulator if count else ACCUMULATOR_EMPTY

    def as_log(self, entry: EntryRecord, data: bytes | None = None) -> LogEntry:
        """Return an entry as L1 has it, or with other bytes."""
        return as_log(entry, data, self.accumulator(entry.inbox_count))

    def at(self, time: int, data_ms: int = 100_000, kept_ms: int = 0) -> dict[str, int]:
        """Return the figures when L1's clock shows ``time`` and it says what it keeps."""
        block = L1Block(9, bytes(32), time)
        self.core.note_heads(Heads(block, block, block, 0, retention_ms=kept_ms))
        return watch_figures(self.core, Surroundings(data_ms=data_ms, drill_age_s=7))


def as_log(
    entry: EntryRecord, data: bytes | None = None, accumulator: bytes = ACCUMULATOR_EMPTY
) -> LogEntry:
    root = data_root(entry.data)
    found = entry.data if data is None else data
    return LogEntry(
        entry.index, found, entry.time, entry.inbox_count, root, bytes(20), 0, accumulator
    )


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_figures_follow_from_what_was_derived(scene: Scene) -> None:
    core, store = scene.core, scene.core.replica.store
    figures = scene.at(scene.last.time + 30_000)
    assert set(figures) == set(WATCHED)
    ledger = decode_ledger(store.get(keys.LEDGER_KEY) or b"")
    assert figures["value_at_risk_micros"] >= ledger.deposits - ledger.withdrawals > 0
    first = scene.core.replica.history[0].blocks[0].block.time
    assert figures["batch_late_seconds"] == max(0, scene.last.time - first) // 1_000
    assert figures["data_left_seconds"] == 70
    later = scene.last.time + 30_000
    assert scene.at(later, 0, 50_000)["data_left_seconds"] == 20, "as L1 says"
    assert scene.at(later, 100_000, 50_000)["data_left_seconds"] == 70, "as the operator says"
    assert scene.at(later, 0, 0)["data_left_seconds"] == UNKNOWN
    assert figures["drill_age_seconds"] == 7
    framed = core.replica.cursor.framed_at
    assert figures["sequencer_silent_seconds"] == (scene.last.time + 30_000 - framed) // 1_000
    worst = 0
    for market in core.deployment.rules.markets:
        key = keys.market_key(market.market)
        record = decode_market(key, store.get(key) or b"")
        if record.index and record.mark:
            worst = max(worst, abs(record.mark - record.index) * 10**6 // record.index)
    assert figures["funding_divergence_ppm"] == worst
    assert figures["spent_gwei"] == figures["withheld_entries"] == 0


def test_the_oldest_item_that_no_block_consumed_has_an_age(scene: Scene) -> None:
    core = scene.core
    consumed = core.replica.cursor.inbox_index
    assert consumed == len(core.items)
    assert scene.at(scene.last.time)["forced_item_age_seconds"] == UNKNOWN
    item = core.items[0].item
    scene.queue([item])
    assert scene.at(item.time + 61_500)["forced_item_age_seconds"] == 61


def test_withheld_bytes_are_counted_and_said_once(scene: Scene) -> None:
    core = scene.core
    entry = scene.traffic.make_entry(1, 5)
    for _ in range(2):
        core.on_entry(scene.as_log(entry, b"other bytes"))
    assert scene.at(entry.time)["withheld_entries"] == 1
    scene.queue([core.items[0].item])
    assert scene.at(entry.time + 61_500)["forced_item_age_seconds"] == UNKNOWN, "nobody can tell"
    core.on_entry(scene.as_log(entry))
    assert scene.at(entry.time)["withheld_entries"] == 0


GOOD = {
    "value_at_risk_micros": 5,
    "bond_gwei": 1,
    "forced_item_age_seconds": UNKNOWN,
    "inbox_deadline_seconds": 100,
    "data_left_seconds": UNKNOWN,
    "window_seconds": 60,
    "drill_age_seconds": UNKNOWN,
    "funding_divergence_ppm": 0,
    "sequencer_silent_seconds": 0,
    "liveness_seconds": 100,
    "batch_late_seconds": 0,
    "receipt_deadline_seconds": 50,
    "withheld_entries": 0,
    "rules_version": 1,
    "unknown_rules_version": 0,
    "spent_gwei": 0,
    "gas_price_gwei": 0,
    "gas_price_max_gwei": 30,
    "bids_raised": 0,
    "promises_held": UNKNOWN,
    "promises_broken": 0,
}


@pytest.mark.parametrize(
    ("name", "well", "bad"),
    [
        ("forced_item_age_seconds", 79, 80),
        ("batch_late_seconds", 39, 40),
        ("gas_price_gwei", 30, 31),
        ("data_left_seconds", 120, 119),
        ("drill_age_seconds", 30 * 86_400, 30 * 86_400 + 1),
        ("funding_divergence_ppm", 20_000, 20_001),
        ("withheld_entries", 0, 1),
        ("unknown_rules_version", 0, 2),
        ("value_at_risk_micros", 9_000_000, 9_000_001),
    ],
)
def test_an_alarm_rings_once_and_says_when_things_are_well(name: str, well: int, bad: int) -> None:
    watchman = Watchman(9_000_000)
    assert watchman.look(GOOD | {name: well}) == []
    [(level, text)] = watchman.look(GOOD | {name: bad})
    assert level == "alert"
    assert text
    assert watchman.look(GOOD | {name: bad}) == []
    assert [level for level, _ in watchman.look(GOOD | {name: well})] == ["info"]
    assert watchman.look(GOOD) == []
