"""What a replay did, counted while it runs: orders, fills, refusals, differences, blocks."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, final

EXAMPLES_MAX: Final = 8


@final
@dataclass(slots=True)
class Tally:
    """Counts of one replay.

    ``differences`` counts diffs after which the exchange's best bid or ask was not
    the recording's, by reason; ``examples`` are the first of them, in words.
    """

    events: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    transactions: int = 0
    takers_filled: int = 0
    lots_filled: int = 0
    lots_recorded: int = 0
    notional: int = 0
    trades: int = 0
    compared: int = 0
    outside: int = 0
    differences: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    books_compared: int = 0
    books_different: int = 0
    late_ms_max: int = 0
    blocks: int = 0
    frame_bytes: int = 0
    seconds: float = 0.0
    recorded_seconds: float = 0.0

    @property
    def orders_total(self) -> int:
        """Every leg and every taker."""
        return self.orders.total()

    @property
    def rejected(self) -> int:
        """Orders that the rules refused."""
        return self.codes.total()

    def differ(self, line: int, reason: str, detail: str) -> None:
        """Count a difference, and keep the first few in words."""
        self.differences[reason] += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(f"line {line}: {detail} ({reason})")

    def as_json(self) -> dict[str, Any]:
        """Return everything for machines."""
        orders = self.orders_total
        return {
            "events": dict(self.events),
            "orders": {"total": orders, **self.orders},
            "transactions": self.transactions,
            "rejected": dict(self.codes),
            "refused": dict(self.refusals),
            "fills": {
                "takers": self.takers_filled,
                "trades": self.trades,
                "lots": self.lots_filled,
                "lots_recorded": self.lots_recorded,
                "notional_micros": str(self.notional),
            },
            "book": {
                "diffs_compared": self.compared,
                "diffs_outside_span": self.outside,
                "differences": dict(self.differences),
                "examples": self.examples,
                "books_compared": self.books_compared,
                "books_different": self.books_different,
            },
            "blocks": self.blocks,
            "l1_bytes": self.frame_bytes,
            "l1_bytes_per_order": round(self.frame_bytes / orders, 1) if orders else 0,
            "seconds": round(self.seconds, 3),
            "recorded_seconds": round(self.recorded_seconds, 3),
            "orders_per_second": round(orders / self.seconds) if self.seconds else 0,
            "late_ms_max": self.late_ms_max,
        }


def counted(counts: Counter[str]) -> str:
    """Return counts as text, the largest first."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common()) or "none"


def summary(tally: Tally) -> list[str]:
    """Return what a person wants to know, line by line."""
    found = tally.as_json()
    orders = tally.orders_total
    same = tally.compared - tally.differences.total()
    share = tally.lots_filled / tally.lots_recorded if tally.lots_recorded else 0
    pace = tally.recorded_seconds / tally.seconds if tally.seconds else 0
    lines = [
        f"events     {counted(tally.events)}",
        f"orders     {orders:,} in {tally.transactions:,} transactions: {counted(tally.orders)}",
        (
            f"fills      {tally.trades:,} trades, {tally.takers_filled:,} takers filled, "
            f"{share:.1%} of the recorded volume"
        ),
        f"rejected   {tally.rejected:,}: {counted(tally.codes)}",
        (
            f"book       best bid and ask equal after {same:,} of {tally.compared:,} diffs; "
            f"{tally.outside:,} were outside the snapshot's prices"
        ),
        (
            f"           whole book compared {tally.books_compared:,} times, "
            f"different {tally.books_different:,} times"
        ),
        (
            f"blocks     {tally.blocks:,}, {tally.frame_bytes:,} bytes for L1: "
            f"{found['l1_bytes_per_order']} per order"
        ),
        (
            f"time       {tally.recorded_seconds:,.1f} s of recording in {tally.seconds:,.1f} s "
            f"({pace:.1f}x, {found['orders_per_second']:,} orders/s, at most "
            f"{tally.late_ms_max:,} ms late)"
        ),
    ]
    if tally.refusals:
        lines.append(f"refused    before sequencing: {counted(tally.refusals)}")
    if tally.differences:
        lines.append(f"different  {counted(tally.differences)}")
        lines += [f"           {example}" for example in tally.examples]
    return lines
