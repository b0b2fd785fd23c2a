"""``sextant sale``: sell a withdrawal before it is final, or buy those of others."""

import argparse
import asyncio
from decimal import Decimal
from typing import Final

from sextant.cli.numbers import read_share, read_span, whole
from sextant.cli.on_l1 import print_calls, run_on_l1
from sextant.cli.options import add_key_options, add_l1_options, add_node_options, examples
from sextant.cli.output import print_json, print_pairs, print_table, say, show_time
from sextant.client.amounts import show_decimal
from sextant.client.money import positive_micros
from sextant.client.sales import Appraisal, Sales, WithdrawalSale
from sextant.errors import EXIT_OK, ClientError, OutcomeUnknown

LOOK_SECONDS: Final = 2.0


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    parser.epilog = examples(
        "sextant sale offer 0 99.5 --as alice",
        "sextant sale list",
        "sextant sale cancel 0 --as alice",
        "sextant sale provide --fee-min 0.2% --most 5000 --once --as bob",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    offer = verbs.add_parser("offer", help="offer a withdrawal of yours, for money at once")
    offer.add_argument("index", type=whole(), metavar="INDEX", help="see `sextant withdraw --list`")
    offer.add_argument("price", metavar="USDC", help="what to get for it, such as 99.5")
    offer.add_argument(
        "--for",
        dest="span",
        type=read_span,
        default=3_600_000,
        metavar="SPAN",
        help="how long the offer stands, such as 30m (default: 1h)",
    )
    offer.set_defaults(run=run_offer)
    listing = verbs.add_parser("list", help="list what is for sale, or sold and not yet paid")
    listing.set_defaults(run=run_list)
    cancel = verbs.add_parser("cancel", help="take back an offer")
    cancel.add_argument("index", type=whole(), metavar="INDEX", help="the withdrawal")
    cancel.set_defaults(run=run_cancel)
    provide = verbs.add_parser(
        "provide", help="buy what is offered, under claims that your own follower agrees with"
    )
    provide.add_argument(
        "--fee-min",
        type=read_share,
        required=True,
        metavar="SHARE",
        help="least gain of what is paid, such as 0.2%%",
    )
    provide.add_argument(
        "--most", required=True, metavar="USDC", help="most to pay in all, such as 5000"
    )
    provide.add_argument("--once", action="store_true", help="look once, and end")
    provide.set_defaults(run=run_provide)
    for verb in (offer, listing, cancel, provide):
        add_l1_options(verb, sends=True)
        if verb is not listing:
            add_key_options(verb)
        add_node_options(verb)


def run_offer(arguments: argparse.Namespace) -> int:
    """Offer a withdrawal."""
    seconds = max(1, arguments.span // 1_000)
    receipt = run_on_l1(
        arguments,
        Sales,
        lambda sales: sales.offer(arguments.index, arguments.price, seconds=seconds),
    )
    return print_calls(arguments, "sale.offer", [receipt], "offered in L1 block")


def run_cancel(arguments: argparse.Namespace) -> int:
    """Take back an offer."""
    receipts = run_on_l1(arguments, Sales, lambda sales: sales.cancel(arguments.index))
    return print_calls(arguments, "sale.cancel", receipts, "cancelled in L1 block")


def run_list(arguments: argparse.Namespace) -> int:
    """List sales."""
    found = run_on_l1(arguments, Sales, Sales.offers, signs=False)
    if arguments.json:
        print_json("sales", {"sales": found})
        return EXIT_OK
    print_table(
        arguments,
        [">INDEX", ">PRICE", "SELLER", "BUYER", "UNTIL"],
        [
            (
                sale.index,
                sale.price,
                f"0x{sale.seller.hex()}",
                f"0x{sale.buyer.hex()}" if sale.buyer else "",
                show_time(sale.until_ms),
            )
            for sale in found
        ],
        empty="nothing is for sale",
    )
    return EXIT_OK


def run_provide(arguments: argparse.Namespace) -> int:
    """Buy what is worth it, until the money is spent or it is interrupted."""
    budget = Decimal(positive_micros(arguments.most)) / 1_000_000
    least: Decimal = arguments.fee_min
    bought: list[Appraisal] = []

    told: set[tuple[int, str]] = set()
    unsure: set[bytes] = set()

    def pass_over(sale: WithdrawalSale, why: str) -> None:
        if (sale.index, why) not in told:  # it is looked at every two seconds
            told.add((sale.index, why))
            say(f"withdrawal {sale.index}: not bought: {why}")

    async def look(sales: Sales, left: Decimal) -> Decimal:
        clock = await sales.l1.clock_ms()
        for sale in await sales.offers():
            if sale.buyer is not None or sale.until_ms <= clock or sale.sale in unsure:
                continue
            if sale.price > left:
                price, rest = show_decimal(sale.price), show_decimal(left)
                pass_over(sale, f"its price is {price} USDC, {rest} may still be paid")
                continue
            found = await sales.appraise(sale)
            if found.objection or found.fee < least:
                pass_over(sale, found.objection or "the fee is small")
                continue
            try:
                await sales.buy(sale)
            except OutcomeUnknown as error:
                # It may still be bought: its price is spent, and it is not bought again.
                unsure.add(sale.sale)
                left -= sale.price
                say(f"withdrawal {sale.index}: its price counts as spent: {error}")
                continue
            except ClientError as error:
                pass_over(sale, str(error))
                continue
            left -= sale.price
            bought.append(found)
            say(bought_line(sale, found))
        return left

    async def work(sales: Sales) -> None:
        left = await look(sales, budget)
        if not arguments.once and left > 0:
            say(f"looking for more every {LOOK_SECONDS:g} s, until it is spent or ctrl-C")
        while not arguments.once and left > 0:
            await asyncio.sleep(LOOK_SECONDS)
            left = await look(sales, left)

    run_on_l1(arguments, Sales, work)
    if arguments.json:
        print_json("sale.provide", {"bought": [found.sale for found in bought]})
    else:
        spent = sum((found.sale.price for found in bought), Decimal(0))
        print_pairs([("bought", len(bought)), ("paid", f"{show_decimal(spent)} USDC")])
    return EXIT_OK


def bought_line(sale: WithdrawalSale, found: Appraisal) -> str:
    """Return the line that tells of a purchase."""
    return (
        f"withdrawal {sale.index}: bought {show_decimal(found.amount)} USDC"
        f" for {show_decimal(sale.price)}, under claim {sale.claim}"
    )
