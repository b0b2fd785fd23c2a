"""What commands print: one JSON object, or text that a person can read.

In JSON, amounts, prices, sizes and order ids are strings (they are exact,
and may be longer than a double holds), bytes are ``0x`` hex, heights and
times in ms are numbers.  The integers that a receipt signs are strings too,
under names that say their unit.  Every object names its ``schema``.
"""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from sextant.client.amounts import from_micros, show_decimal
from sextant.client.market import Market
from sextant.client.names import FundName
from sextant.client.receipts import Receipt

TEXT_KEYS: Final = frozenset(
    {
        "arguments",
        "bracket",
        "eth_gwei",
        "filled_lots",
        "fee_micros",
        "held",
        "leader_shares",
        "leaving",
        "maker_order_id",
        "minimum_notional",
        "nonce",
        "notional_micros",
        "on_notice",
        "open_interest_max_lots",
        "order_id",
        "order_lots_max",
        "replaced_by",
        "shares",
        "taker_order_id",
        "tick",
        "value",
    }
)
RECEIPT_UNITS: Final = {
    "filled": "filled_lots",
    "notional": "notional_micros",
    "fee": "fee_micros",
}


def plain(value: object, key: str = "") -> Any:  # noqa: ANN401 - JSON is any
    """Return ``value`` as what JSON knows."""
    match value:
        case Market():
            return value.name
        case FundName():
            return str(value)
        case bool() | None | float():
            return value
        case Enum():
            return value.value
        case Decimal():
            return f"{value:f}"
        case int():
            return str(value) if key in TEXT_KEYS else value
        case bytes():
            return f"0x{value.hex()}" if value else ""
        case str():
            return value
        case Mapping():
            return {str(k): plain(v, str(k)) for k, v in value.items()}
        case Receipt():
            names = (field.name for field in dataclasses.fields(value))
            shown = {RECEIPT_UNITS.get(name, name): getattr(value, name) for name in names}
            return {name: plain(part, name) for name, part in shown.items()}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = (field.name for field in dataclasses.fields(value))
            return {name: plain(getattr(value, name), name) for name in names}
        case Iterable():
            return [plain(item, key) for item in value]
        case _:
            return str(value)


def print_json(schema: str, value: object) -> None:
    """Print one object with its schema, on one line."""
    body = plain(value)
    if not isinstance(body, dict):
        body = {"items": body}
    sys.stdout.write(json.dumps({"schema": f"sextant.{schema}.v1", **body}) + "\n")
    sys.stdout.flush()


def fields_of(market: Market) -> dict[str, object]:
    """Return a market's own fields, for JSON that is about the market."""
    names = (field.name for field in dataclasses.fields(market))
    shown: dict[str, object] = {name: getattr(market, name) for name in names}
    shown["tiers"] = [
        {"above": from_micros(above), "initial_ppm": initial, "maintenance_ppm": maintenance}
        for above, initial, maintenance in market.tiers
    ]
    return {**shown, "tick_size": market.tick_size, "lot_size": market.lot_size}


def is_rich(arguments: argparse.Namespace) -> bool:
    """Return whether tables and colour are welcome."""
    if arguments.color != "auto":
        return bool(arguments.color == "always")
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def print_table(
    arguments: argparse.Namespace,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    empty: str = "nothing",
) -> None:
    """Print rows under columns; a column that begins with ``>`` is right-aligned."""
    if not rows:
        say(empty)
        return
    cells = [[show(cell) for cell in row] for row in rows]
    names = [column.removeprefix(">") for column in columns]
    if is_rich(arguments):
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, header_style="bold", pad_edge=False)
        for column, name in zip(columns, names, strict=True):
            table.add_column(name, justify="right" if column.startswith(">") else "left")
        for line in cells:
            table.add_row(*line)
        Console(highlight=False, force_terminal=True).print(table)
        return
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    for line in (names, *cells):
        parts = [
            cell.rjust(width) if column.startswith(">") else cell.ljust(width)
            for column, cell, width in zip(columns, line, widths, strict=True)
        ]
        sys.stdout.write("  ".join(parts).rstrip() + "\n")
    sys.stdout.flush()


def print_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one a line, aligned."""
    shown = [(name, show(value)) for name, value in pairs]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        sys.stdout.write(f"{name:<{width}}  {value}".rstrip() + "\n")
    sys.stdout.flush()


def show(value: object) -> str:
    """Return a value as a person reads it; what is not known is a dash."""
    match value:
        case None:
            return "-"
        case Decimal():
            return show_decimal(value)
        case bytes():
            return f"0x{value.hex()}" if value else "-"
        case Market():
            return value.name
        case Enum():
            return str(value.value)
        case _:
            return str(value)


def show_time(time_ms: int, *, now_ms: int = 0) -> str:
    """Return UTC, and how long ago by the chain's clock."""
    if not time_ms:
        return "-"
    stamp = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")
    text = stamp.replace("+00:00", "Z")
    if not now_ms:
        return text
    seconds = (now_ms - time_ms) / 1000
    return f"{text} ({show_span(seconds)} ago)" if seconds >= 0 else text


def show_span(seconds: float) -> str:
    """Return a duration in the unit that fits."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def say(message: object) -> None:
    """Say something about the work, on stderr."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()
