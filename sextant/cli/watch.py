"""``sextant watch``: blocks, a book, an account or markets, live; a line or JSON object each."""

import argparse
import sys
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from sextant.cli.market import percent
from sextant.cli.numbers import read_who, whole
from sextant.cli.options import add_key_options, add_node_options
from sextant.cli.output import plain, print_json, say, show, show_time
from sextant.cli.session import run_client
from sextant.client.api import AsyncClient
from sextant.client.chain import Block
from sextant.client.events import (
    AccountEvent,
    AccountUpdate,
    AssetEvent,
    DeleverageEvent,
    FillEvent,
    FundEvent,
    LiquidationEvent,
    MoneyEvent,
    OrderEvent,
    PoolEvent,
    SettlementEvent,
    SharesEvent,
)
from sextant.client.governance import (
    MarketEvent,
    MarketUpdate,
    RatesChanged,
    StateChanged,
)
from sextant.client.ladder import Ladder
from sextant.errors import EXIT_OK, ClientError

Item = TypeVar("Item")


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add ``blocks``, ``book``, ``account`` and ``markets``."""
    commands = parser.add_subparsers(metavar="COMMAND")
    blocks = commands.add_parser("blocks", help="blocks as they are made", allow_abbrev=False)
    blocks.add_argument(
        "--from",
        dest="height",
        type=whole(),
        default=0,
        metavar="HEIGHT",
        help="first block wanted",
    )
    book = commands.add_parser("book", help="best prices as they change", allow_abbrev=False)
    book.add_argument("market", metavar="MARKET", help="such as BTC")
    account = commands.add_parser("account", help="what happens to an account", allow_abbrev=False)
    account.add_argument(
        "who", nargs="?", metavar="WHO", help="address or account number (default: the signer)"
    )
    add_key_options(account)
    markets = commands.add_parser(
        "markets", help="what the guardian does to markets: states, rates", allow_abbrev=False
    )
    markets.add_argument("markets", nargs="*", metavar="MARKET", help="such as BTC (default: all)")
    runs = (
        (blocks, run_blocks),
        (book, run_book),
        (account, run_account),
        (markets, run_markets),
    )
    for command, run in runs:
        command.add_argument(
            "--count", type=whole(), default=0, metavar="N", help="stop after N updates"
        )
        add_node_options(command)
        command.set_defaults(run=run)


def warn(why: ClientError) -> None:
    """Say that the stream was opened again, and why."""
    say(f"sextant: subscribed again: {why}")


def follow(
    arguments: argparse.Namespace,
    open_feed: Callable[[AsyncClient], AsyncIterator[Item]],
    tell: Callable[[Item], None],
    *,
    signs: bool = False,
) -> int:
    """Tell of each update of a feed, as often as was asked for."""

    async def work(client: AsyncClient) -> None:
        left = arguments.count
        async for item in open_feed(client):
            tell(item)
            left -= 1
            if not left:
                return

    run_client(arguments, work, signs=signs)
    return EXIT_OK


def run_blocks(arguments: argparse.Namespace) -> int:
    """Follow blocks."""

    def tell(block: Block) -> None:
        if arguments.json:
            print_json("block", block)
        else:
            write(block_line(block))

    height = arguments.height
    return follow(arguments, lambda client: client.watch_blocks(height, on_reset=warn), tell)


def block_line(block: Block) -> str:
    """Return a block on one line."""
    header = block.header
    return (
        f"{show_time(header.time_ms)}  block {header.height}  {block.transactions} transactions"
        f"  {block.inbox_items} inbox items  {block.frame_bytes} bytes"
    )


def run_book(arguments: argparse.Namespace) -> int:
    """Follow a book."""

    def tell(ladder: Ladder) -> None:
        if arguments.json:
            print_json("book", ladder.view(20))
        else:
            write(book_line(ladder))

    market = arguments.market
    return follow(arguments, lambda client: client.watch_book(market, on_reset=warn), tell)


def book_line(ladder: Ladder) -> str:
    """Return the best of both sides on one line."""
    best = ladder.view(1)
    bid = f"{show(best.bids[0].size)} @ {show(best.bids[0].price)}" if best.bids else "-"
    ask = f"{show(best.asks[0].size)} @ {show(best.asks[0].price)}" if best.asks else "-"
    return f"{show_time(ladder.time_ms)}  {best.market.name}  bid {bid}  ask {ask}"


def run_markets(arguments: argparse.Namespace) -> int:
    """Follow what is done to markets."""
    tell = teller(arguments, "markets.update")
    markets = arguments.markets
    return follow(arguments, lambda client: client.watch_markets(markets, on_reset=warn), tell)


def run_account(arguments: argparse.Namespace) -> int:
    """Follow an account."""
    who = read_who(arguments.who)
    tell = teller(arguments, "account.update")
    return follow(
        arguments,
        lambda client: client.watch_account(who, on_reset=warn),
        tell,
        signs=who is None,
    )


def teller(
    arguments: argparse.Namespace, schema: str
) -> Callable[[AccountUpdate | MarketUpdate], None]:
    """Return what tells of an update: an object, or a line per event."""

    def tell(update: AccountUpdate | MarketUpdate) -> None:
        if arguments.json:
            print_json(schema, json_of(update))
        else:
            for line in lines_of(update):
                write(line)

    return tell


def json_of(update: AccountUpdate | MarketUpdate) -> dict[str, object]:
    """Return an update whose events say what they are."""
    events = [
        {"type": type(event).__name__.removesuffix("Event").lower(), **plain(event)}
        for event in update.events
    ]
    body: dict[str, object] = plain(update)
    return {**body, "events": events}


def lines_of(update: AccountUpdate | MarketUpdate) -> list[str]:
    """Return one line per event."""
    stamp = f"{show_time(update.time_ms)}  block {update.height}"
    if not update.events:
        return [f"{stamp}  listening"]
    return [f"{stamp}  {words_of(event)}" for event in update.events]


def words_of(event: AccountEvent | MarketEvent) -> str:
    """Return an event as a person would say it."""
    match event:
        case StateChanged():
            return f"market  {event.market} {event.after}, was {event.before}"
        case RatesChanged():
            now = f"{percent(event.initial_margin_ppm)}, {percent(event.maintenance_margin_ppm)}"
            then = event.initial_margin_target_ppm, event.maintenance_margin_target_ppm
            return (
                f"market  {event.market} margin {now}, moving to {percent(then[0])}, "
                f"{percent(then[1])} at {show_time(event.until_ms)}"
            )
        case FillEvent():
            role = "liquidated" if event.liquidation else "maker" if event.maker else "taker"
            return (
                f"filled  {event.side} {show(event.size)} {event.market} at {show(event.price)}"
                f"  order {event.order_id}  fee {show(event.fee)} USDC  {role}"
            )
        case OrderEvent():
            order = event.order
            return (
                f"order   {order.order_id} {order.state} {order.reason}".rstrip()
                + f"  {order.side} {show(order.remaining)} {order.market} at {show(order.price)}"
            )
        case DeleverageEvent():
            return (
                f"deleveraged  {show(event.closed)} {event.market} at {show(event.price)}"
                f"  mark {show(event.mark)}, to close a bankrupt position"
            )
        case FundEvent():
            return (
                f"fund    {event.fund} {event.stage} {event.shares} shares"
                f"  {show(event.amount)} USDC"
            )
        case SharesEvent():
            return (
                f"vault   {event.market} {event.stage} {event.shares} shares"
                f"  {show(event.amount)} USDC"
            )
        case PoolEvent():
            return f"pool    {event.stage} {event.shares} shares  {show(event.amount)} USDC"
        case SettlementEvent():
            return (
                f"settled  {show(event.closed)} {event.market} at {show(event.price)}"
                f"  {show(event.amount)} USDC"
            )
        case MoneyEvent():
            return f"money   {event.kind}  {show(event.amount)} USDC"
        case AssetEvent():
            return f"asset   {event.kind}  {show(event.amount)} {event.asset}"
        case LiquidationEvent():
            closed = f"  closed {show(event.closed)} {event.market}" if event.market else ""
            return (
                f"LIQUIDATION  {event.stage}{closed}  equity {show(event.equity)} USDC"
                f"  maintenance {show(event.maintenance_margin)} USDC"
            )


def write(line: str) -> None:
    """Write a line of data, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
