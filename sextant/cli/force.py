"""``sextant force``: act through L1, where the sequencer can neither refuse nor delay for ever."""

import argparse
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from prover.durations import tell_duration
from sextant.cli.options import add_key_options, add_l1_options, add_node_options, examples
from sextant.cli.output import print_json, print_pairs, say, show_time
from sextant.cli.session import run_client
from sextant.client.amounts import show_usdc
from sextant.client.api import AsyncClient, ForcedAction
from sextant.client.l1_sender import L1Receipt
from sextant.client.receipts import Receipt
from sextant.client.refusals import NOTHING_TO_POKE, Words, show_arguments, words_of
from sextant.errors import EXIT_NO, EXIT_OK, ClientError
from statemachine.errors import SextantError

Ask = Callable[[AsyncClient, float], Awaitable[ForcedAction]]
WAIT_S = 120.0


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add a command for each thing that can be forced."""
    parser.epilog = examples(
        "sextant force close BTC --as alice",
        "sextant force cancel-all --as alice",
        note="money goes with `sextant withdraw --forced`\n"
        "exit code 1: the exchange could not do it, see the result",
    )
    commands = parser.add_subparsers(metavar="COMMAND")
    cancel = commands.add_parser(
        "cancel-all", help="cancel all orders of a sub-account", allow_abbrev=False
    )
    close = commands.add_parser(
        "close", help="close a position, on the book or else at mark", allow_abbrev=False
    )
    close.add_argument("market", metavar="MARKET", help="such as BTC")
    close.add_argument(
        "--price",
        metavar="PRICE",
        help="at this price or better, on the book alone if that has any offer in the band",
    )
    revoke = commands.add_parser("revoke", help="end an agent key, for good", allow_abbrev=False)
    revoke.add_argument("agent", metavar="ADDRESS", help="of the agent's key")
    poke = commands.add_parser(
        "poke", help="have a portfolio looked at, anybody's", allow_abbrev=False
    )
    poke.add_argument("owner", metavar="ADDRESS", help="whose it is")
    poke.add_argument(
        "--of-sub", type=int, default=0, metavar="SUB", help="which of his (default: %(default)s)"
    )
    oracle = commands.add_parser(
        "oracle", help="say a price, as the publisher whose key it is", allow_abbrev=False
    )
    oracle.add_argument("market", metavar="MARKET", help="such as BTC")
    oracle.add_argument("price", metavar="PRICE", help="USD per unit, a multiple of the tick")
    batch = commands.add_parser(
        "batch",
        help="let overdue items happen while nobody sequences",
        description="Append an entry of inbox items only to L1's log. Anyone may, once the log has"
        " been silent for the liveness deadline, and again at once while items wait for room.",
        allow_abbrev=False,
    )
    add_l1_options(batch, sends=True)
    add_key_options(batch)
    add_node_options(batch)
    batch.set_defaults(run=run_batch)
    for command, run in (
        (cancel, run_cancel_all),
        (close, run_close),
        (revoke, run_revoke),
        (poke, run_poke),
        (oracle, run_oracle),
    ):
        command.add_argument(
            "--no-wait", action="store_true", help="return once L1 has it, with the item's index"
        )
        add_l1_options(command, sends=True)
        add_key_options(command)
        add_node_options(command)
        command.set_defaults(run=run)


def run_cancel_all(arguments: argparse.Namespace) -> int:
    """Cancel all orders."""
    return force(arguments, lambda client, wait_s: client.force_cancel_all(wait_s=wait_s))


def run_close(arguments: argparse.Namespace) -> int:
    """Close a position."""

    def ask(client: AsyncClient, wait_s: float) -> Awaitable[ForcedAction]:
        return client.force_close(arguments.market, price=arguments.price, wait_s=wait_s)

    return force(arguments, ask)


def run_revoke(arguments: argparse.Namespace) -> int:
    """End an agent."""
    return force(
        arguments, lambda client, wait_s: client.force_revoke(arguments.agent, wait_s=wait_s)
    )


def run_poke(arguments: argparse.Namespace) -> int:
    """Have a portfolio looked at."""

    def ask(client: AsyncClient, wait_s: float) -> Awaitable[ForcedAction]:
        return client.force_poke(arguments.owner, sub=arguments.of_sub, wait_s=wait_s)

    return force(arguments, ask, {"SIGNER_UNKNOWN": NOTHING_TO_POKE})


def run_oracle(arguments: argparse.Namespace) -> int:
    """Say a price."""

    def ask(client: AsyncClient, wait_s: float) -> Awaitable[ForcedAction]:
        return client.force_oracle(arguments.market, arguments.price, wait_s=wait_s)

    return force(arguments, ask)


def run_batch(arguments: argparse.Namespace) -> int:
    """Append an entry of inbox items only."""

    async def work(client: AsyncClient) -> L1Receipt:
        async with client.l1() as l1:
            return await l1.append_empty()

    receipt = run_client(arguments, work, signs=True)
    if arguments.json:
        print_json("batch", receipt)
    else:
        print_pairs([("L1 block", receipt.block), ("log entry", receipt.value)])
    return EXIT_OK


def reasons_of(receipt: Receipt, special: Mapping[str, Words]) -> list[tuple[str, object]]:
    """Return why an item could not be done, and what to do; nothing about one that was.

    ``special`` are words for codes that mean something else here.
    """
    if receipt.accepted:
        return []
    words = special.get(receipt.code_name) or words_of(receipt)
    detail = ", ".join(show_arguments(receipt))
    rows = [("why", words.meaning), ("of which", detail), ("do", words.advice)]
    return [(name, text) for name, text in rows if text]


async def waiting_line(client: AsyncClient, sent: L1Receipt) -> str:
    """Return what is waited for from now on, and until when."""
    begun = f"inbox item {sent.value} is on L1, in block {sent.block}: waiting"
    try:
        until = await client.inbox_deadline_ms(sent.value)
        left = tell_duration(until - await client.sync_clock())
    except (ClientError, SextantError):
        return f"{begun} until a block takes it"
    return (
        f"{begun} until a block takes it, which one has to by {show_time(until)}, in {left};"
        f" ctrl-C ends the wait alone"
    )


def force(
    arguments: argparse.Namespace, ask: Ask, special: Mapping[str, Words] = MappingProxyType({})
) -> int:
    """Queue it on L1, wait unless told otherwise, and show what became of it."""

    async def work(client: AsyncClient) -> ForcedAction:
        made = await ask(client, 0.0)
        if arguments.no_wait:
            return made
        say(await waiting_line(client, made.l1))
        return await client.wait_forced(made.l1, WAIT_S)

    made = run_client(arguments, work, signs=True)
    receipt = made.receipt
    if arguments.json:
        print_json("forced", made)
    else:
        rows: list[tuple[str, object]] = [
            ("L1 block", made.l1.block),
            ("inbox item", made.l1.value),
        ]
        if receipt is not None:
            rows += [("block", receipt.height), ("result", receipt.code_name)]
            rows += reasons_of(receipt, special)
            if receipt.filled:
                rows.append(("closed", f"{receipt.filled} lots for {show_usdc(receipt.notional)}"))
                rows.append(("fee", show_usdc(receipt.fee)))
        print_pairs(rows)
    return EXIT_OK if receipt is None or receipt.accepted or receipt.filled else EXIT_NO
