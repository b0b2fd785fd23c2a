"""``sextant checklist``: what a careful trader asks before a position, and the way out."""

import argparse
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sextant.cli.numbers import whole
from sextant.cli.options import (
    add_key_options,
    add_l1_options,
    add_node_options,
    examples,
    names_key,
)
from sextant.cli.output import is_rich, print_json, print_pairs, say
from sextant.cli.session import run_client
from sextant.client.amounts import read_decimal
from sextant.client.assessment import assess
from sextant.client.checklist import Facts, Wish, gather
from sextant.client.exit_plan import exit_plan
from sextant.client.lines import Level, Section
from sextant.client.models import Side
from sextant.errors import EXIT_NO, EXIT_OK, BadRequest

NOTIONAL: Final = "10000"
LEVERAGE: Final = "5"
LEVERAGE_MAX: Final = 1_000
SLICES_MAX: Final = 1_024
MARKS: Final = {Level.OK: "ok  ", Level.NOTE: "    ", Level.LOOK: "LOOK", Level.BAD: "BAD "}
COLOURS: Final = {Level.OK: "32", Level.NOTE: "0", Level.LOOK: "33;1", Level.BAD: "31;1"}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples(
        "sextant checklist BTC --short --size 50000 --leverage 10",
        note="exit code 1: at least one line is BAD",
    )
    parser.add_argument("market", metavar="MARKET", help="such as BTC")
    side = parser.add_mutually_exclusive_group()
    side.add_argument(
        "--long",
        dest="side",
        action="store_const",
        const=Side.BUY,
        default=Side.BUY,
        help="the position gains when the price rises (the default)",
    )
    side.add_argument(
        "--short",
        dest="side",
        action="store_const",
        const=Side.SELL,
        help="the position gains when the price falls",
    )
    parser.add_argument(
        "--size", default=NOTIONAL, metavar="USDC", help="of the position (default: %(default)s)"
    )
    parser.add_argument(
        "--leverage",
        default=LEVERAGE,
        metavar="N",
        help="size over the margin that is set apart for it (default: %(default)s)",
    )
    parser.add_argument(
        "--slices",
        type=whole(2, SLICES_MAX),
        default=12,
        metavar="N",
        help="in how many slices it might be traded (default: %(default)s)",
    )
    add_l1_options(parser)
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_checklist)


def wish_of(arguments: argparse.Namespace) -> Wish:
    """Return the intended position.

    Raises
    ------
    BadRequest
        ``AMOUNT`` or ``LEVERAGE``.
    """
    notional, leverage = read_decimal(arguments.size), read_decimal(arguments.leverage)
    if not 0 < notional < Decimal(10) ** 12:
        raise BadRequest("AMOUNT", f"{arguments.size} USDC is no size of a position")
    if not 0 < leverage <= LEVERAGE_MAX:
        raise BadRequest(
            "LEVERAGE", f"{arguments.leverage} is no leverage", advice=f"above 0, to {LEVERAGE_MAX}"
        )
    return Wish(
        market=arguments.market,
        side=arguments.side,
        notional=notional,
        leverage=leverage,
        slices=arguments.slices,
    )


def run_checklist(arguments: argparse.Namespace) -> int:
    """Print the checklist of a market."""
    wish = wish_of(arguments)
    mine = names_key(arguments)
    facts = run_client(arguments, lambda client: gather(client, wish, mine=mine), signs=mine)
    sections = assess(facts)
    plan = exit_plan(facts, options_of(arguments))
    bad = sum(line.level is Level.BAD for section in sections for line in section.lines)
    if arguments.json:
        print_json("checklist", body_of(facts, sections, plan))
    else:
        print_sections(arguments, sections)
        print_heading(arguments, "The way out")
        print_pairs([(f"  {what}", command) for what, command in plan])
        say(verdict_of(sections))
    return EXIT_NO if bad else EXIT_OK


def options_of(arguments: argparse.Namespace) -> str:
    """Return the options that say who asks, to be repeated in commands."""
    options = ""
    if arguments.devnet_name:
        options += f" --as {arguments.devnet_name}"
    if arguments.key_file:
        options += f" --key-file {arguments.key_file}"
    if arguments.sub:
        options += f" --sub {arguments.sub}"
    return options


def body_of(
    facts: Facts, sections: Sequence[Section], plan: Sequence[tuple[str, str]]
) -> dict[str, object]:
    """Return the checklist for programs: each line with its figure."""
    return {
        "market": facts.market,
        "time_ms": facts.status.time_ms,
        "wish": facts.wish,
        "sections": sections,
        "exit_plan": [{"what": what, "command": command} for what, command in plan],
    }


def print_heading(arguments: argparse.Namespace, title: str) -> None:
    """Print a section's title."""
    print_pairs([(f"\n\033[1m{title}\033[0m" if is_rich(arguments) else f"\n{title}", "")])


def print_sections(arguments: argparse.Namespace, sections: Sequence[Section]) -> None:
    """Print the lines of every section under its title."""
    rich = is_rich(arguments)
    width = max(len(line.name) for section in sections for line in section.lines)
    for section in sections:
        print_heading(arguments, section.title)
        rows = []
        for line in section.lines:
            mark = MARKS[line.level]
            if rich:
                mark = f"\033[{COLOURS[line.level]}m{mark}\033[0m"
            rows.append((f"  {mark}  {line.name:<{width}}", line.text))
        print_pairs(rows)


def verdict_of(sections: Sequence[Section]) -> str:
    """Return the sum of it in one line."""
    levels = [line.level for section in sections for line in section.lines]
    bad, look = levels.count(Level.BAD), levels.count(Level.LOOK)
    if bad:
        return f"\n{bad} BAD, {look} to look at: a reason not to trade here now"
    if look:
        return f"\n{look} to look at"
    return "\nnothing against it"
