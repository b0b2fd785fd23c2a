"""``sextant transfer``: between two sub-accounts of one owner."""

import argparse

from sextant.cli.assets import add_asset
from sextant.cli.numbers import whole
from sextant.cli.options import add_key_options, add_node_options, examples
from sextant.cli.signing import sign_and_print
from sextant.client.api import AsyncClient
from sextant.client.receipts import Receipt


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = examples(
        "sextant transfer 50 --from 0 --to 1 --as alice",
        "sextant transfer 2 --asset WSTETH --from 0 --to 1 --as alice",
    )
    parser.add_argument("amount", metavar="AMOUNT", help="how much, such as 50")
    add_asset(parser)
    parser.add_argument(
        "--from",
        dest="source",
        type=whole(0, 255),
        required=True,
        metavar="SUB",
        help="out of this one",
    )
    parser.add_argument(
        "--to",
        dest="target",
        type=whole(0, 255),
        required=True,
        metavar="SUB",
        help="into this one",
    )
    add_key_options(parser)
    add_node_options(parser)
    parser.set_defaults(run=run_transfer)


def run_transfer(arguments: argparse.Namespace) -> int:
    """Transfer."""
    pair = {"source": arguments.source, "target": arguments.target}

    async def work(client: AsyncClient) -> Receipt:
        if arguments.asset is None:
            return await client.transfer(arguments.amount, **pair)
        return await client.transfer_asset(arguments.asset, arguments.amount, **pair)

    return sign_and_print(arguments, "transfer", work)
