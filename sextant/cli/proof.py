"""``sextant proof``: prove values of the state under a root, and verify it offline."""

import argparse
import asyncio
import json
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from sextant.cli.numbers import whole
from sextant.cli.options import add_node_options, add_output_options
from sextant.cli.output import print_json, print_pairs, say
from sextant.cli.proved import add_proved, describe, print_anchor
from sextant.cli.session import run_client
from sextant.client.anchors import Anchor, anchor_of
from sextant.client.l1 import L1Client
from sextant.client.names import read_hash
from sextant.client.proofs import StateProof, verify_proof
from sextant.errors import EXIT_NO, EXIT_OK, BadRequest, ProofInvalid
from statemachine import keys

FORMS: Final = (
    "market:1, account:3, portfolio:3/0, position:3/0/1, holding:3/0/1, asset:1, withdrawal:5,"
    " signer:0x.., cursor"
)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add ``fetch`` and ``verify``."""
    parser.epilog = f"keys: {FORMS}, or the raw key as 0x hex"
    commands = parser.add_subparsers(metavar="COMMAND")
    add_proved(commands)
    fetch = commands.add_parser(
        "fetch", help="print values with their proof, as JSON", allow_abbrev=False
    )
    fetch.add_argument("keys", nargs="+", metavar="KEY", help=f"such as {FORMS}")
    fetch.add_argument(
        "--log-index", type=whole(), metavar="N", help="under the root after this log entry"
    )
    add_node_options(fetch)
    fetch.set_defaults(run=run_fetch)
    verify = commands.add_parser(
        "verify", help="check a fetched proof; exit code 1: it does not hold", allow_abbrev=False
    )
    verify.add_argument("file", type=Path, metavar="FILE", help="as `fetch` printed it; - is stdin")
    trusted = verify.add_mutually_exclusive_group()
    trusted.add_argument(
        "--root", metavar="HEX", help="the root you trust (default: the one in the file)"
    )
    trusted.add_argument(
        "--l1", metavar="HOST:PORT", help="the root must be that of a live claim on this L1"
    )
    add_output_options(verify)
    verify.set_defaults(run=run_verify)


def read_state_key(text: str) -> bytes:
    """Return the state key that ``text`` names.

    Raises
    ------
    BadRequest
        ``KEY``.
    """
    try:
        key = bytes.fromhex(text[2:]) if text.startswith("0x") else named_key(text)
    except (ValueError, OverflowError, struct.error):
        key = b""
    if not key:
        raise BadRequest("KEY", f"{text!r} names no state key", advice=f"try {FORMS}")
    return key


def named_key(text: str) -> bytes:
    """Return the key of a form such as ``market:1``; nothing if there is no such form."""
    kind, _, rest = text.partition(":")
    if kind == "signer":
        return keys.signer_key(bytes.fromhex(rest.removeprefix("0x")))
    numbers = [int(part) for part in rest.split("/")] if rest else []
    match kind, numbers:
        case "cursor", []:
            return keys.CURSOR_KEY
        case "ledger", []:
            return keys.LEDGER_KEY
        case "market", [market]:
            return keys.market_key(market)
        case "account", [account]:
            return keys.account_key(account)
        case "portfolio", [account, sub]:
            return keys.portfolio_key(account << 8 | sub)
        case "position", [account, sub, market]:
            return keys.position_key(account << 8 | sub, market)
        case "holding", [account, sub, asset]:
            return keys.holding_key(account << 8 | sub, asset)
        case "asset", [asset]:
            return keys.asset_key(asset)
        case "withdrawal", [index]:
            return keys.withdrawal_key(index)
        case _:
            return b""


def run_fetch(arguments: argparse.Namespace) -> int:
    """Fetch a proof; it is verified before it is printed."""
    wanted = [read_state_key(text) for text in arguments.keys]
    proof = run_client(
        arguments, lambda client: client.proof(wanted, log_index=arguments.log_index)
    )
    body = {
        "height": proof.height,
        "log_index": proof.log_index,
        "root": proof.root,
        "values": [
            {"key": key, "present": value is not None, "value": value or b""}
            for key, value in proof.values
        ],
        "witness": proof.witness,
    }
    print_json("proof", body)
    return EXIT_OK


def run_verify(arguments: argparse.Namespace) -> int:
    """Verify a proof, with nothing but the file."""
    text = sys.stdin.read() if str(arguments.file) == "-" else arguments.file.read_text()
    try:
        proof = proof_from(json.loads(text))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRequest("FILE", f"{arguments.file} is no proof: {error!r}") from error
    trusted = read_hash(arguments.root) if arguments.root else proof.root
    anchor = None
    try:
        verify_proof(replace(proof, root=trusted), [key for key, _ in proof.values])
        if arguments.l1:
            anchor = asyncio.run(fetch_anchor(arguments.l1, proof.root))
    except ProofInvalid as error:
        if arguments.json:
            print_json("proof.verdict", {"holds": False, "code": error.code})
        say(f"sextant: {error}")
        return EXIT_NO
    if arguments.json:
        trust = {} if anchor is None else describe(anchor, 0)
        print_json("proof.verdict", {"holds": True, "root": proof.root, **trust})
        return EXIT_OK
    if anchor is not None:
        print_anchor(anchor, 0)
    print_pairs(
        [
            ("holds under", proof.root),
            *((f"0x{key.hex()}", "absent" if v is None else v) for key, v in proof.values),
        ]
    )
    return EXIT_OK


async def fetch_anchor(target: str, root: bytes) -> Anchor:
    """Return the claim on L1 that has this root."""
    async with L1Client(target) as l1:
        return await anchor_of(l1, root)


def proof_from(body: dict[str, object]) -> StateProof:
    """Return the proof that a file holds."""
    values = body["values"]
    if not isinstance(values, list):
        raise TypeError("values")
    log_index, height = body["log_index"], body["height"]
    return StateProof(
        height=height if isinstance(height, int) else 0,
        log_index=log_index if isinstance(log_index, int) else None,
        root=read_bytes(body["root"]),
        witness=read_bytes(body["witness"]),
        values=tuple(
            (read_bytes(item["key"]), read_bytes(item["value"]) if item["present"] else None)
            for item in values
        ),
    )


def read_bytes(value: object) -> bytes:
    """Return the bytes of ``0x`` hex."""
    return bytes.fromhex(str(value).removeprefix("0x"))
