"""The live status: one screen on a terminal, one line every few seconds elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from rich.text import Text

from devnet.child import Child
from devnet.grid import Column, flow, table
from devnet.survey import Facts
from proto.sextant.v1 import l1_pb2, query_pb2, status_pb2

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
        f"since start: transactions {status.transactions_total} trades {status.trades_total} | "
        f"{prices} | "
        f"batches {facts.log_count} claims {claims_text(facts)} | {up}/{len(children)} up"
    )


def render(
    facts: Facts,
    children: dict[str, Child],
    note: str,
    width: int,
    troubles: Sequence[str] = (),
) -> list[Text]:
    """Return the lines of the whole screen, none of which is wider than ``width`` by its nature."""
    lines = [*heads_lines(facts, width), *markets_lines(facts.markets, width)]
    lines += layer_lines(facts, width)
    lines += challenger_lines(facts)
    if children:
        lines += flow("", map(process_text, children.values()), width)
    lines += [Text(f"! {trouble}", style="bold red") for trouble in troubles]
    if note:
        lines.append(Text(note, style="dim"))
    return lines


def heads_lines(facts: Facts, width: int) -> list[Text]:
    """Return the heads as the sequencer and the follower see them, and what was done since."""
    nodes = {"sequencer": facts.sequencer, "follower": facts.follower}
    names = [name if status else f"{name} away" for name, status in nodes.items()]

    def cells(tell: Callable[[status_pb2.Status], str]) -> list[str]:
        return [tell(status) if status else "-" for status in nodes.values()]

    lines = table(
        [
            Column("", names),
            Column("unsafe", cells(lambda s: f"{s.unsafe_head.height:,}")),
            Column("safe", cells(lambda s: f"{s.safe_head.height:,}")),
            Column("entry", cells(lambda s: f"{s.safe_head.log_index:,}"), rank=2),
            Column("final", cells(lambda s: f"{s.final_head.height:,}")),
            Column("entry", cells(lambda s: f"{s.final_head.log_index:,}"), rank=2),
            Column("queue", cells(lambda s: f"{s.queue_transactions:,}"), rank=3),
            Column("chain time", cells(lambda s: clock_text(s.time_ms)), rank=1),
        ],
        width,
    )
    status = facts.sequencer
    if status is not None:
        done = f"{status.transactions_total:,} transactions", f"{status.trades_total:,} trades"
        lines += flow("since start", done, width)
    return lines


def markets_lines(markets: Sequence[query_pb2.Market], width: int) -> list[Text]:
    """Return one row per market; nothing while none is known."""
    if not markets:
        return []

    def prices(field: str) -> list[str]:
        return [price_text(getattr(market, field), market) for market in markets]

    return table(
        [
            Column("market", [market.symbol for market in markets]),
            Column("index", prices("index")),
            Column("mark", prices("mark")),
            Column("bid", prices("best_bid")),
            Column("ask", prices("best_ask")),
            Column("last", prices("last"), rank=3),
            Column("funding last", [rate_text(m.funding_rate_ppb) for m in markets], rank=4),
            Column("funding next", [rate_text(m.funding_next_ppb) for m in markets], rank=1),
            Column("open interest", [interest_text(market) for market in markets], rank=2),
        ],
        width,
    )


def interest_text(market: query_pb2.Market) -> str:
    """Return a market's open interest in units."""
    size = market.open_interest_lots / 10**market.lot_decimals
    return f"{size:,.{market.lot_decimals}f}"


def layer_lines(facts: Facts, width: int) -> list[Text]:
    """Return what stands on L1."""
    if facts.l1 is None:
        return flow("L1", ["away"], width)
    latest, final = facts.l1.latest.number, facts.l1.final.number
    warped = f"warped {facts.l1.clock_offset_ms / 1000:+,.0f} s"
    items = [
        f"block {latest:,} (final {final:,})",
        *([warped] if facts.l1.clock_offset_ms else []),
        f"{facts.log_count:,} batches",
        f"{facts.inbox_count:,} inbox items",
        f"claims: {claims_text(facts)}",
    ]
    return flow("L1", items, width)


def challenger_lines(facts: Facts) -> Iterator[Text]:
    """Yield what the challenger found, and his last words."""
    counts = facts.challenger.get("verdicts", {})
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    yield Text.assemble(("challenger", "bold"), f"  {told or 'no verdict yet'}")
    for line in facts.verdicts:
        yield Text(f"  {line}", style="red" if "wrong" in line.lower() or "convict" in line else "")


def process_text(child: Child) -> Text:
    """Return whether a process is up, ready, or was restarted."""
    name, up = child.spec.name, child.pid is not None
    text = Text("● " if child.ready else "○ ", style="green" if child.ready else "yellow")
    ended = "" if child.last_exit is None else f" (exit {child.last_exit})"
    text.append(name if up else f"{name} DOWN{ended}", style="" if up else "red")
    if child.deaths:
        text.append(f" (died {child.deaths}x)", style="yellow")
    return text
