"""The live status: one screen on a terminal, one line every few seconds elsewhere."""

import time
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from devnet.child import Child
from devnet.survey import Facts
from proto.sextant.v1 import l1_pb2, query_pb2
from proto.sextant.v1.common_pb2 import Head

USDC = 1_000_000
CLAIM_WORDS = {
    l1_pb2.L1_CLAIM_STATUS_PENDING: "pending",
    l1_pb2.L1_CLAIM_STATUS_FINAL: "final",
    l1_pb2.L1_CLAIM_STATUS_CONVICTED: "convicted",
    l1_pb2.L1_CLAIM_STATUS_ORPHANED: "orphaned",
    l1_pb2.L1_CLAIM_STATUS_SUPERSEDED: "superseded",
}


def clock_text(time_ms: int) -> str:
    """Return a chain time as UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def price_text(price: int, market: query_pb2.Market) -> str:
    """Return micro-USDC per lot as USD per unit, or a dash for no price."""
    if not price:
        return "-"
    decimals = max(0, 6 - market.lot_decimals)
    scaled = price * 10**market.lot_decimals
    shown = min(decimals + 4, 2)
    return f"{scaled // USDC:,}.{scaled % USDC:06d}"[: -(6 - shown)]


def rate_text(ppb: int) -> str:
    """Return parts per billion as percent."""
    sign = "-" if ppb < 0 else ""
    whole, part = divmod(abs(ppb), 10_000_000)
    return f"{sign}{whole}.{part // 100:05d} %"


def head_text(head: Head) -> str:
    """Return a head as its height and its L1 log entry."""
    return f"{head.height:,}" + (f" (entry {head.log_index})" if head.log_index else "")


def claims_text(facts: Facts) -> str:
    """Return how many claims stand where."""
    parts = [
        f"{facts.claims_by_status[status]:,} {word}"
        for status, word in CLAIM_WORDS.items()
        if facts.claims_by_status.get(status)
    ]
    return ", ".join(parts) or "none yet"


def plain_line(facts: Facts, children: dict[str, Child]) -> str:
    """Return the status as one line."""
    up = sum(child.pid is not None for child in children.values())
    status = facts.sequencer
    if status is None:
        return f"{up}/{len(children)} processes up; the sequencer does not answer"
    prices = " ".join(f"{m.symbol} {price_text(m.mark, m)}" for m in facts.markets)
    return (
        f"{clock_text(status.time_ms)} unsafe {status.unsafe_head.height} "
        f"safe {status.safe_head.height} final {status.final_head.height} | "
        f"transactions {status.transactions_total} trades {status.trades_total} | {prices} | "
        f"batches {facts.log_count} claims {claims_text(facts)} | {up}/{len(children)} up"
    )


def render(facts: Facts, children: dict[str, Child], note: str) -> RenderableType:
    """Return the whole screen."""
    parts: list[RenderableType] = [heads_table(facts), markets_table(facts), layer_table(facts)]
    verdicts = Table.grid(padding=(0, 1))
    counts = facts.challenger.get("verdicts", {})
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    verdicts.add_row(Text.assemble(("challenger", "bold"), f"  {told or 'no verdict yet'}"))
    for line in facts.verdicts:
        style = "red" if "wrong" in line.lower() or "convict" in line else ""
        verdicts.add_row(Text("  " + line, style=style, no_wrap=True, overflow="ellipsis"))
    return Group(*parts, verdicts, process_line(children), Text(note, style="dim"))


def heads_table(facts: Facts) -> RenderableType:
    """Return the heads as the sequencer and the follower see them."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "unsafe", "safe", "final", "transactions", "trades", "queue", "chain time"):
        table.add_column(column, justify="left" if not column else "right")
    for name, status in (("sequencer", facts.sequencer), ("follower", facts.follower)):
        if status is None:
            table.add_row(name, "away")
            continue
        table.add_row(
            name,
            head_text(status.unsafe_head),
            head_text(status.safe_head),
            head_text(status.final_head),
            f"{status.transactions_total:,}",
            f"{status.trades_total:,}",
            str(status.queue_transactions),
            clock_text(status.time_ms),
        )
    return table


def markets_table(facts: Facts) -> RenderableType:
    """Return one row per market."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("market", "index", "mark", "bid", "ask", "last", "funding 8h", "open interest"):
        table.add_column(column, justify="left" if column == "market" else "right")
    for market in facts.markets:
        size = market.open_interest_lots / 10**market.lot_decimals
        table.add_row(
            market.symbol,
            price_text(market.index, market),
            price_text(market.mark, market),
            price_text(market.best_bid, market),
            price_text(market.best_ask, market),
            price_text(market.last, market),
            rate_text(market.funding_next_ppb),
            f"{size:,.{market.lot_decimals}f}",
        )
    return table


def layer_table(facts: Facts) -> RenderableType:
    """Return what stands on L1."""
    table = Table.grid(padding=(0, 2))
    if facts.l1 is None:
        table.add_row(Text("L1", style="bold"), "away")
        return table
    latest, final = facts.l1.latest.number, facts.l1.final.number
    warped = f", warped {facts.l1.clock_offset_ms / 1000:+,.0f} s"
    table.add_row(
        Text("L1", style="bold"),
        f"block {latest:,} (final {final:,})" + (warped if facts.l1.clock_offset_ms else ""),
        f"{facts.log_count:,} batches",
        f"{facts.inbox_count:,} inbox items",
        f"claims: {claims_text(facts)}",
    )
    return table


def process_line(children: dict[str, Child]) -> RenderableType:
    """Return every process with whether it is up, ready, or was restarted."""
    text = Text()
    for name, child in children.items():
        up = child.pid is not None
        text.append("● " if child.ready else "○ ", style="green" if child.ready else "yellow")
        text.append(name if up else f"{name} DOWN", style="" if up else "red")
        if child.deaths:
            text.append(f" (died {child.deaths}x)", style="yellow")
        text.append("  ")
    return text


def age_text(since: float) -> str:
    """Return how long ago a monotonic time was."""
    return f"{time.monotonic() - since:.1f} s"
