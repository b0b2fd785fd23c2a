"""``sextant receipt``: fetch a receipt with its proof, and verify one offline."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from sextant.cli import accuse
from sextant.cli.options import add_node_options, add_output_options, examples
from sextant.cli.output import print_json, print_pairs, say
from sextant.cli.session import run_client
from sextant.client.api import AsyncClient
from sextant.client.names import read_address, read_hash
from sextant.client.receipts import Header, Receipt, verify_receipt
from sextant.errors import EXIT_NO, EXIT_OK, BadRequest, ProofInvalid, Refused

SCHEMA: Final = "receipt"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add ``fetch``, ``verify``, ``list`` and ``accuse``."""
    parser.epilog = examples("sextant receipt fetch HASH > r.json", "sextant receipt verify r.json")
    commands = parser.add_subparsers(metavar="COMMAND")
    fetch = commands.add_parser(
        "fetch", help="print a receipt with its proof, as JSON", allow_abbrev=False
    )
    fetch.add_argument("hash", metavar="HASH", help="transaction hash, 64 hex digits")
    add_node_options(fetch)
    fetch.set_defaults(run=run_fetch)
    verify = commands.add_parser(
        "verify", help="check a fetched receipt; exit code 1: it does not hold", allow_abbrev=False
    )
    verify.add_argument("file", type=Path, metavar="FILE", help="as `fetch` printed it; - is stdin")
    verify.add_argument(
        "--sequencer",
        metavar="ADDRESS",
        help="who must have signed (default: the one in the file, which proves less)",
    )
    add_output_options(verify)
    verify.set_defaults(run=run_verify)
    accuse.add_commands(commands)


def run_fetch(arguments: argparse.Namespace) -> int:
    """Fetch a receipt."""
    found = read_hash(arguments.hash)

    async def work(client: AsyncClient) -> dict[str, object]:
        info = await client.transaction(found)
        if info.header is None:
            raise Refused("NOT_FOUND", f"no receipt: the transaction is {info.stage.value}")
        sequencer = await client.sequencer_address()
        if not info.header.signature:
            raise Refused(
                "NOT_SIGNED",
                "this node derived the block from L1, and has no signature to show",
                advice="ask the sequencer, or `sextant proof fetch` for values of the state",
            )
        return {"sequencer": sequencer, "header": info.header, "receipts": info.receipts}

    print_json(SCHEMA, run_client(arguments, work))
    return EXIT_OK


def run_verify(arguments: argparse.Namespace) -> int:
    """Verify a receipt, with nothing but the file."""
    text = sys.stdin.read() if str(arguments.file) == "-" else arguments.file.read_text()
    try:
        document = json.loads(text)
        header = header_from(document["header"])
        receipts = [receipt_from(body) for body in document["receipts"]]
        named = bytes.fromhex(document["sequencer"].removeprefix("0x"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRequest("FILE", f"{arguments.file} is no receipt: {error!r}") from error
    sequencer = read_address(arguments.sequencer) if arguments.sequencer else named
    if not receipts:
        raise BadRequest("FILE", f"{arguments.file} holds no receipt")
    try:
        for receipt in receipts:
            verify_receipt(receipt, header, sequencer=sequencer)
    except ProofInvalid as error:
        if arguments.json:
            print_json("receipt.verdict", {"holds": False, "code": error.code})
        say(f"sextant: {error}")
        return EXIT_NO
    verdict = {
        "holds": True,
        "sequencer": sequencer,
        "height": header.height,
        "chain_id": header.chain_id,
    }
    if arguments.json:
        print_json("receipt.verdict", verdict)
        return EXIT_OK
    results = ", ".join(receipt.code_name for receipt in receipts)
    print_pairs(
        [
            ("holds", results),
            ("block", header.height),
            ("chain", header.chain_id),
            ("signed by", sequencer),
        ]
    )
    if not arguments.sequencer:
        say("the signer is the one the file names; --sequencer says whom you trust")
    return EXIT_OK


def header_from(body: dict[str, Any]) -> Header:
    """Return the header that a file holds."""
    return Header(
        chain_id=body["chain_id"],
        height=body["height"],
        time_ms=body["time_ms"],
        cursor=read_bytes(body["cursor"]),
        receipts_root=read_bytes(body["receipts_root"]),
        receipts_count=body["receipts_count"],
        signature=read_bytes(body["signature"]),
    )


def receipt_from(body: dict[str, Any]) -> Receipt:
    """Return the receipt that a file holds."""
    path = body["path"]
    return Receipt(
        transaction_hash=read_hash(body["transaction_hash"]),
        height=body["height"],
        time_ms=body["time_ms"],
        index=body["index"],
        leg=body["leg"],
        code=body["code"],
        code_name=body["code_name"],
        arguments=tuple(map(int, body["arguments"])),
        order_id=int(body["order_id"]),
        filled=int(body["filled_lots"]),
        notional=int(body["notional_micros"]),
        fee=int(body["fee_micros"]),
        leaf=body["leaf"],
        path=None if path is None else tuple(map(read_bytes, path)),
    )


def read_bytes(text: str) -> bytes:
    """Return the bytes of ``0x`` hex."""
    return bytes.fromhex(text.removeprefix("0x"))
