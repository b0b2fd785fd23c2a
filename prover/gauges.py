"""What an operator watches besides verdicts: figures of one challenger, and when they alarm.

Every figure follows from what the challenger derived himself and from L1's clock; no
node is asked.  The names are those of the metrics, after ``sextant_challenger_``; each
alarm here has a rule in ``docs/alerts.yml`` and a page in ``docs/runbooks``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

from prover.challenger import Challenger
from prover.durations import tell_duration
from statemachine import keys
from statemachine.records import decode_asset, decode_ledger, decode_market
from statemachine.storage import Store

UNKNOWN: Final = -1
"""Of a figure that nobody can know yet."""
SECOND_MS: Final = 1_000
DAY_S: Final = 86_400
PPM: Final = 1_000_000
DRILL_AGE_MAX_S: Final = 30 * DAY_S
DIVERGENCE_PPM_MAX: Final = 20_000
LATE_PERCENT: Final = 80
"""How much of a deadline may pass before it alarms."""

WATCHED: Final = {
    "value_at_risk_micros": "what L1 holds for the exchange, other assets at their index",
    "bond_gwei": "what one claim puts at stake",
    "forced_item_age_seconds": "age of the oldest inbox item that no block consumed; -1: none",
    "inbox_deadline_seconds": "after which an inbox item is executed whoever names it",
    "data_left_seconds": "until L1 may drop data that is not settled yet; -1: not told",
    "window_seconds": "how long a claim may be disputed",
    "drill_age_seconds": "since a drill on a fork was won; -1: never",
    "funding_divergence_ppm": "largest distance of a mark from its index, which funding follows",
    "sequencer_silent_seconds": "since the last block with a valid frame was made",
    "liveness_seconds": "silence after which anyone may append",
    "batch_late_seconds": "age of the oldest block of the newest batch when L1 got it",
    "receipt_deadline_seconds": "which that must not exceed",
    "withheld_entries": "log entries whose bytes L1 served were not under their root",
    "rules_version": "version of the rules in force on L1",
    "unknown_rules_version": "first one, in force or to come, that is not known here; 0: none",
    "spent_gwei": "fees of this defender's calls",
    "gas_price_gwei": "L1's base fee for a million gas",
    "gas_price_max_gwei": "up to which a convicted bond pays the gas of its proof back",
    "bids_raised": "how often a call's bid was raised as it was in no block",
    "promises_held": "signed blocks that are compared with L1; -1: none are given",
    "promises_broken": "of them, those that L1 contradicts or lacks, or that were signed twice",
}
"""Name -> what it is."""


@final
@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known from outside: retention of L1's data in ms (0: as L1 says), age of a drill."""

    data_ms: int = 0
    drill_age_s: int = UNKNOWN


def watch_figures(core: Challenger, around: Surroundings) -> dict[str, int]:
    """Return the value of each of ``WATCHED``."""
    replica, rules = core.replica, core.deployment.rules
    cursor = replica.cursor
    now = cursor.time if core.heads is None else core.heads.latest.time
    # Behind an entry that cannot be read nobody knows what blocks took: that accuses no one.
    waiting = () if core.unreadable else core.items[cursor.inbox_index : cursor.inbox_index + 1]
    unsettled = min((entry.time for entry in core.entries.values()), default=now)
    kept = around.data_ms or (0 if core.heads is None else core.heads.retention_ms)
    left = kept - (now - unsettled)
    return {
        "value_at_risk_micros": value_at_risk(core),
        "bond_gwei": core.deployment.bond_gwei,
        "forced_item_age_seconds": max(0, now - waiting[0].item.time) // SECOND_MS
        if waiting
        else UNKNOWN,
        "inbox_deadline_seconds": rules.inbox_deadline_ms // SECOND_MS,
        "data_left_seconds": max(0, left) // SECOND_MS if kept else UNKNOWN,
        "window_seconds": core.deployment.window_ms // SECOND_MS,
        "drill_age_seconds": around.drill_age_s,
        "funding_divergence_ppm": funding_divergence(core),
        "sequencer_silent_seconds": max(0, now - cursor.framed_at) // SECOND_MS,
        "liveness_seconds": core.deployment.liveness_ms_max // SECOND_MS,
        "batch_late_seconds": core.batch_late_ms // SECOND_MS,
        "receipt_deadline_seconds": rules.receipt_deadline_ms // SECOND_MS,
        "withheld_entries": len(core.unreadable),
        "rules_version": replica.book.version_at(now),
        "unknown_rules_version": replica.book.first_unknown,
        "spent_gwei": 0 if core.defence is None else core.defence.purse.spent_gwei,
        "gas_price_gwei": 0 if core.heads is None else core.heads.gas_price,
        "gas_price_max_gwei": core.deployment.gas_price_max,
        "bids_raised": 0 if core.defence is None else core.defence.raised,
        "promises_held": UNKNOWN if core.pledges is None else core.pledges.held,
        "promises_broken": 0 if core.pledges is None else len(core.pledges.broken),
    }


def value_at_risk(core: Challenger) -> int:
    """Return what a false claim that became final could take, in micros (floor)."""
    store, rules = core.replica.store, core.deployment.rules
    data = store.get(keys.LEDGER_KEY)
    if data is None:
        return 0
    ledger = decode_ledger(data)
    value = ledger.deposits - ledger.withdrawals
    for asset in rules.assets:
        key = keys.asset_key(asset.asset)
        sums = store.get(key)
        if sums is not None:
            record = decode_asset(key, sums)
            index, _ = prices_of(store, asset.market)
            value += (record.deposits - record.withdrawals) * index // asset.lot_units
    return max(0, value)


def funding_divergence(core: Challenger) -> int:
    """Return the largest |mark - index| / index of all markets, ppm (floor)."""
    found = 0
    for market in core.deployment.rules.markets:
        index, mark = prices_of(core.replica.store, market.market)
        if index and mark:
            found = max(found, abs(mark - index) * PPM // index)
    return found


def prices_of(store: Store, market: int) -> tuple[int, int]:
    """Return (index, mark) of a market, micros per lot; 0 while unknown."""
    key = keys.market_key(market)
    data = store.get(key)
    if data is None:
        return 0, 0
    record = decode_market(key, data)
    return record.index, record.mark


@final
@dataclass(frozen=True, slots=True)
class Alarm:
    """When a figure alarms: ``is_bad`` of all figures, and the words for it."""

    name: str
    is_bad: Callable[[Mapping[str, int]], bool]
    tell: Callable[[Mapping[str, int]], str]


def past(name: str, deadline: str) -> Callable[[Mapping[str, int]], bool]:
    """Return whether most of a deadline has passed."""
    return lambda figures: 100 * figures[name] >= LATE_PERCENT * figures[deadline] > 0


def told(seconds: int) -> str:
    """Return a duration in words."""
    return tell_duration(seconds * SECOND_MS)


ALARMS: Final = (
    Alarm(
        "forced_item_age_seconds",
        past("forced_item_age_seconds", "inbox_deadline_seconds"),
        lambda f: (
            f"an inbox item waits for {told(f['forced_item_age_seconds'])}, its deadline is "
            f"{told(f['inbox_deadline_seconds'])}: the sequencer holds back what L1 ordered"
        ),
    ),
    Alarm(
        "batch_late_seconds",
        past("batch_late_seconds", "receipt_deadline_seconds"),
        lambda f: (
            f"the newest batch came {told(f['batch_late_seconds'])} after its first block; "
            f"receipts promise {told(f['receipt_deadline_seconds'])}"
        ),
    ),
    Alarm(
        "data_left_seconds",
        lambda f: 0 <= f["data_left_seconds"] < 2 * f["window_seconds"],
        lambda f: (
            f"L1 keeps data that is not settled for {told(f['data_left_seconds'])} more, "
            f"the window of a claim is {told(f['window_seconds'])}: keep it yourself"
        ),
    ),
    Alarm(
        "drill_age_seconds",
        lambda f: f["drill_age_seconds"] > DRILL_AGE_MAX_S,
        lambda f: f"the last drill was {told(f['drill_age_seconds'])} ago: run one",
    ),
    Alarm(
        "funding_divergence_ppm",
        lambda f: f["funding_divergence_ppm"] > DIVERGENCE_PPM_MAX,
        lambda f: (
            f"a mark is {f['funding_divergence_ppm'] / 10_000:.2f} % from its index: "
            "somebody pays funding for it"
        ),
    ),
    Alarm(
        "gas_price_gwei",
        lambda f: f["gas_price_gwei"] > f["gas_price_max_gwei"],
        lambda f: (
            f"a million gas cost {f['gas_price_gwei']} gwei on L1; a convicted bond pays proofs "
            f"back up to {f['gas_price_max_gwei']}: beyond it the defender pays himself"
        ),
    ),
    Alarm(
        "withheld_entries",
        lambda f: f["withheld_entries"] > 0,
        lambda f: (
            f"{f['withheld_entries']} log entries cannot be derived: their bytes are withheld, "
            "and no claim about them can be judged"
        ),
    ),
    Alarm(
        "unknown_rules_version",
        lambda f: f["unknown_rules_version"] > 0,
        lambda f: (
            f"rules version {f['unknown_rules_version']} is not known here, in force is "
            f"{f['rules_version']}: nothing under it can be judged; upgrade sextant"
        ),
    ),
)


@final
class Watchman:
    """Says once when a figure goes bad, and once when it is well again."""

    def __init__(self, value_at_risk_max: int = 0) -> None:
        """``value_at_risk_max`` in micros: above it the bond is no deterrent; 0: not asked."""
        self.bad: set[str] = set()
        limit = Alarm(
            "value_at_risk_micros",
            lambda f: f["value_at_risk_micros"] > value_at_risk_max,
            lambda f: (
                f"{f['value_at_risk_micros'] // PPM} USDC are at risk behind a bond of "
                f"{f['bond_gwei']} gwei, above the limit of {value_at_risk_max // PPM} USDC"
            ),
        )
        self.alarms = (*ALARMS, limit) if value_at_risk_max else ALARMS

    def look(self, figures: Mapping[str, int]) -> list[tuple[str, str]]:
        """Return (level, text) of what changed since the last look."""
        lines: list[tuple[str, str]] = []
        for alarm in self.alarms:
            bad = alarm.is_bad(figures)
            if bad and alarm.name not in self.bad:
                self.bad.add(alarm.name)
                lines.append(("alert", alarm.tell(figures)))
            elif not bad and alarm.name in self.bad:
                self.bad.discard(alarm.name)
                name = alarm.name.replace("_", " ")
                lines.append(("info", f"well again: {name} is {figures[alarm.name]}"))
        return lines
