"""``sextant proof account|position|order|book``: answers that follow from a claim on L1.

Exit code 0: proved; 1: proved that there is no such thing, or the node's proof does not
hold.  What is printed names the root, the claim, and how far it can be trusted.
"""

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from sextant.cli.account import add_who
from sextant.cli.numbers import read_who, whole
from sextant.cli.options import add_key_options, add_l1_options, add_node_options
from sextant.cli.output import print_json, print_pairs, print_table, say, show, show_time
from sextant.cli.portfolios import print_orders
from sextant.cli.session import run_client
from sextant.client.anchors import Anchor, Trust
from sextant.client.api import AsyncClient
from sextant.client.models import Order
from sextant.client.proved_margin import ProvedMargin
from sextant.client.state_reads import ProvedAccount, ProvedPortfolio, ProvedPosition, Who
from sextant.client.verified import ORDERS, ORDERS_MAX, ProvedBook, Verified
from sextant.errors import EXIT_NO, EXIT_OK, Refused

if TYPE_CHECKING:  # a name of argparse that only checkers see
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  no other name

UNSAFE: Final = "unsafe"
Answer = TypeVar("Answer")


def add_proved(commands: "Commands") -> None:
    """Add the four reads."""
    account = add_read(commands, "account", "prove an account: sub-accounts, margin, positions")
    add_who(account)
    account.add_argument("--orders", action="store_true", help="all its open orders as well")
    account.set_defaults(run=run_account)
    position = add_read(commands, "position", "prove a position, or that there is none")
    position.add_argument("market", metavar="MARKET", help="such as BTC")
    add_who(position)
    position.set_defaults(run=run_position)
    order = add_read(commands, "order", "prove an open order, or that it is not open")
    order.add_argument("ref", metavar="ORDER", help="order id, or client id")
    add_who(order)
    order.set_defaults(run=run_order)
    book = add_read(commands, "book", "prove the best orders of a market, none left out")
    book.add_argument("market", metavar="MARKET", help="such as BTC")
    book.add_argument(
        "--orders",
        type=whole(1, ORDERS_MAX),
        default=ORDERS,
        metavar="N",
        help="a side (default: %(default)s)",
    )
    book.set_defaults(run=run_book)


def add_read(commands: "Commands", name: str, text: str) -> argparse.ArgumentParser:
    """Add a read, with how far the root under it has to be trusted."""
    parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    group = parser.add_argument_group("root")
    group.add_argument(
        "--stage",
        choices=(*Trust, UNSAFE),
        default=Trust.FINAL,
        help="final: the window of its claim has passed; safe: a claim that nobody contradicts,"
        " which may still be disproved (default: %(default)s)",
    )
    group.add_argument("--claim", type=whole(), metavar="N", help="under this claim's root")
    add_l1_options(group)
    add_key_options(parser)
    add_node_options(parser)
    return parser


def prove(
    arguments: argparse.Namespace,
    work: Callable[[Verified, Who], Awaitable[Answer]],
    *,
    about: bool = True,
) -> tuple[Anchor, int, Answer]:
    """Return (anchor, chain time of its state, answer of ``work``).

    ``about``: it is about somebody, the signer unless the arguments name another.

    Raises
    ------
    Refused
        ``NOT_PROVABLE``: nothing on L1 vouches for the unsafe head.
    """
    if arguments.stage == UNSAFE:
        raise Refused(
            "NOT_PROVABLE",
            "no claim on L1 covers the unsafe head: only the sequencer's signature vouches for it",
            advice="`sextant receipt fetch HASH` has that; or use --stage safe",
        )
    who = read_who(arguments.who) if about else b""

    async def run(client: AsyncClient) -> tuple[Anchor, int, Answer]:
        verified = await client.verified(Trust(arguments.stage), claim=arguments.claim)
        answer = await work(verified, client.address if who is None else who)
        return verified.anchor, verified.time_ms, answer

    return run_client(arguments, run, signs=who is None)


def run_account(arguments: argparse.Namespace) -> int:
    """Prove an account."""

    async def work(verified: Verified, who: Who) -> tuple[ProvedAccount | None, tuple[Order, ...]]:
        account = await verified.account(who)
        if account is None or not arguments.orders:
            return account, ()
        orders = [await verified.orders(who, sub=each.sub) for each in account.portfolios]
        return account, tuple(order for each in orders for order in each)

    anchor, time_ms, (account, orders) = prove(arguments, work)
    if arguments.json:
        body = {"account": account, "orders": orders}
        print_json("proof.account", {**describe(anchor, time_ms), **body})
    else:
        print_anchor(anchor, time_ms)
        if account is None:
            newer = "; --stage safe asks a newer state" if arguments.stage == "final" else ""
            say(f"there is no such account in this state, and that is proved{newer}")
        else:
            print_pairs([("account", account.account), ("owner", account.owner)])
            for portfolio in account.portfolios:
                print_portfolio(arguments, portfolio)
            if arguments.orders:
                print_orders(arguments, orders)
    return EXIT_NO if account is None else EXIT_OK


def print_portfolio(arguments: argparse.Namespace, portfolio: ProvedPortfolio) -> None:
    """Print one sub-account."""
    print_pairs(
        [
            ("", ""),
            ("sub-account", portfolio.sub),
            ("balance", f"{portfolio.balance:,f} USDC"),
            *margin_pairs(portfolio.margin),
            *((name, f"{amount:,f}") for name, amount in portfolio.assets),
            ("open orders", portfolio.open_orders),
            *([("state", "being liquidated")] if portfolio.liquidating else []),
        ]
    )
    if portfolio.positions:
        print_positions(arguments, portfolio.positions)


def margin_pairs(margin: ProvedMargin) -> list[tuple[str, str]]:
    """Return the lines about what a sub-account is worth, and what it must keep."""
    health = "nothing to maintain"
    if margin.health is not None:
        state = "" if margin.covered else ": may be liquidated"
        health = f"{margin.health:,f} times maintenance{state}"
    lines = [
        ("equity", f"{margin.equity:,f} USDC"),
        ("initial margin", f"{margin.initial:,f} USDC"),
        ("maintenance", f"{margin.maintenance:,f} USDC"),
        ("health", health),
        ("available", f"{margin.available:,f} USDC"),
        ("withdrawable", f"{margin.withdrawable:,f} USDC"),
    ]
    if margin.collateral:
        lines.insert(1, ("of it to trade", f"{margin.equity_initial:,f} USDC"))
    if margin.loan_margined:
        lines.append(("loan in margin", f"{margin.loan_margined:,f} USDC"))
    return lines


def print_positions(arguments: argparse.Namespace, positions: tuple[ProvedPosition, ...]) -> None:
    """Print positions as a table."""
    columns = ["MARKET", ">SIZE", ">ENTRY", ">MARK", ">UNREALISED", ">FUNDING"]
    rows = [
        (each.market, each.size, each.entry_price, each.mark, each.unrealised, each.funding)
        for each in positions
    ]
    print_table(arguments, columns, rows)


def run_position(arguments: argparse.Namespace) -> int:
    """Prove a position."""
    anchor, time_ms, position = prove(
        arguments,
        lambda verified, who: verified.position(who, arguments.market, sub=arguments.sub),
    )
    if arguments.json:
        print_json("proof.position", {**describe(anchor, time_ms), "position": position})
    else:
        print_anchor(anchor, time_ms)
        if position is None:
            say("there is no such position, and that is proved")
        else:
            print_positions(arguments, (position,))
    return EXIT_NO if position is None else EXIT_OK


def run_order(arguments: argparse.Namespace) -> int:
    """Prove an order."""
    anchor, time_ms, order = prove(
        arguments, lambda verified, who: verified.order(arguments.ref, who, sub=arguments.sub)
    )
    if arguments.json:
        print_json("proof.order", {**describe(anchor, time_ms), "order": order})
    else:
        print_anchor(anchor, time_ms)
        if order is None:
            say("this order is not open, and that is proved")
        else:
            print_orders(arguments, (order,))
    return EXIT_NO if order is None else EXIT_OK


def run_book(arguments: argparse.Namespace) -> int:
    """Prove the best orders of a market."""
    anchor, time_ms, book = prove(
        arguments,
        lambda verified, _who: verified.book(arguments.market, orders=arguments.orders),
        about=False,
    )
    if arguments.json:
        print_json("proof.book", {**describe(anchor, time_ms), "book": book})
    else:
        print_anchor(anchor, time_ms)
        print_book(arguments, book)
    return EXIT_OK


def print_book(arguments: argparse.Namespace, book: ProvedBook) -> None:
    """Print asks above bids, the best of both in the middle."""
    sides = [("ask", tuple(reversed(book.levels("ask")))), ("bid", book.levels("bid"))]
    rows = [(name, at.price, at.size, at.orders) for name, levels in sides for at in levels]
    print_table(arguments, ["SIDE", ">PRICE", ">SIZE", ">ORDERS"], rows, empty="the book is empty")
    for name, whole_side in (("bids", book.bids_whole), ("asks", book.asks_whole)):
        reach = "all there are" if whole_side else "none left out before the last price shown"
        say(f"{name}: {reach}")
    say(f"mark {show(book.mark)}, index {show(book.index)}")


def describe(anchor: Anchor, time_ms: int) -> dict[str, object]:
    """Return what an answer rests on, for programs."""
    names = ("claim", "log_index", "height", "root", "proposer", "bond_gwei", "final_at_ms")
    shown: dict[str, object] = {name: getattr(anchor, name) for name in names}
    return {
        "trust": {
            "stage": anchor.trust,
            **shown,
            "time_ms": time_ms,
            "contested_by": anchor.contested_by,
            "l1_block": anchor.l1_block,
            "l1_time_ms": anchor.l1_time_ms,
            "l1_is_stub": anchor.l1_is_stub,
        }
    }


def print_anchor(anchor: Anchor, time_ms: int) -> None:
    """Print what an answer rests on: the root, the claim, the stage."""
    claim = "0: genesis"
    if anchor.claim:
        claim = f"{anchor.claim} by 0x{anchor.proposer.hex()}, of log entry {anchor.log_index - 1}"
    print_pairs(
        [
            ("root", anchor.root),
            ("claim", f"{claim}, height {anchor.height}"),
            ("stage", explain_stage(anchor)),
            *([("state of", show_time(time_ms, now_ms=anchor.l1_time_ms))] if time_ms else []),
            ("L1", f"block {anchor.l1_block}{STUB if anchor.l1_is_stub else ''}"),
            ("", ""),
        ]
    )
    if anchor.contested_by:
        rivals = ", ".join(map(str, anchor.contested_by))
        say(f"WARNING: live claims contradict this one: {rivals}; one of them is wrong")


STUB: Final = ", a STUB: it demonstrates the protocol and gives no security"


def explain_stage(anchor: Anchor) -> str:
    """Return a stage with what it means that a reader trusts."""
    if anchor.trust is Trust.FINAL:
        return "final: its challenge window has passed, on a final L1 block"
    until = show_time(anchor.final_at_ms)
    bond = f"{anchor.bond_gwei:,} gwei"
    return f"safe: may be disproved until {until}; its proposer stakes {bond}"
