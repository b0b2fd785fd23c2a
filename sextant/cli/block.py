"""``sextant block``: a block, its signed header and its roots."""

import argparse

from sextant.cli.numbers import whole
from sextant.cli.options import add_node_options
from sextant.cli.output import print_json, print_pairs, show_time
from sextant.cli.session import run_client
from sextant.client.api import AsyncClient
from sextant.client.chain import Block
from sextant.client.receipts import verify_header
from sextant.errors import EXIT_OK


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "height", nargs="?", type=whole(), default=0, metavar="HEIGHT", help="default: the latest"
    )
    parser.add_argument("--receipts", action="store_true", help="with --json: all receipts too")
    add_node_options(parser)
    parser.set_defaults(run=run_block)


def run_block(arguments: argparse.Namespace) -> int:
    """Show a block; its signature is checked first."""

    async def work(client: AsyncClient) -> Block:
        block = await client.block(arguments.height, with_receipts=arguments.receipts)
        # A follower derives blocks from L1: those carry no signature, and need none.
        if block.header.signature:
            sequencer = await client.sequencer_address()
            chain_id = (await client.domain()).chain_id
            verify_header(block.header, sequencer=sequencer, chain_id=chain_id)
        return block

    block = run_client(arguments, work)
    if arguments.json:
        print_json("block", block)
        return EXIT_OK
    header = block.header
    roots = block.segment_roots
    print_pairs(
        [
            ("block", header.height),
            ("time", show_time(header.time_ms)),
            ("stage", block.stage),
            ("log entry", block.log_index),
            ("transactions", block.transactions),
            ("inbox items", block.inbox_items),
            ("frame", f"{block.frame_bytes} bytes"),
            ("receipts", f"{header.receipts_count} under 0x{header.receipts_root.hex()}"),
            ("segments", len(roots) or None),
            ("state root", roots[-1] if roots else None),
            ("signature", "the sequencer's" if header.signature else "none: derived from L1"),
        ]
    )
    return EXIT_OK
