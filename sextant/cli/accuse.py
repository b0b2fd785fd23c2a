"""``sextant receipt list`` and ``accuse``: kept signatures, and what broken ones cost."""

import argparse
import asyncio
import json
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sextant.cli.numbers import instance_number
from sextant.cli.options import add_key_options, add_output_options
from sextant.cli.output import print_json, print_pairs, print_table, say, show_time
from sextant.cli.session import read_key
from sextant.client.commitments import CommitmentStore, purpose_of
from sextant.client.environment import L1 as L1_PLACE
from sextant.client.names import read_address
from sextant.client.receipt_store import ReceiptStore, bytes_of
from sextant.errors import EXIT_NO, EXIT_OK, BadRequest
from statemachine.identity.signing import address_of

if TYPE_CHECKING:  # heavy: loaded by the command that needs it
    from prover.betrayal import SignedBlock
    from prover.contract.rules import ContractRules

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  no other name

SCHEMA: Final = "receipt.accuse"


def add_commands(commands: "Commands") -> None:
    """Add ``list`` and ``accuse``."""
    shown = commands.add_parser(
        "list", help="list the signed blocks that were kept", allow_abbrev=False
    )
    add_store(shown)
    add_output_options(shown)
    shown.set_defaults(run=run_list)
    accuse = commands.add_parser(
        "accuse",
        help="have L1 punish a signed block that is contradicted, lacking, or signed twice",
        allow_abbrev=False,
    )
    accuse.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="more signed blocks: see `fetch`"
    )
    add_store(accuse)
    accuse.add_argument("--l1", metavar="HOST:PORT", help="address of L1 (default: $SEXTANT_L1)")
    accuse.add_argument(
        "--instance", type=instance_number, metavar="N", help="the devnet's L1: adds 100 * N"
    )
    accuse.add_argument(
        "--archives",
        default="",
        metavar="HOST:PORT,...",
        help="followers that keep the bytes of batches which L1 has dropped",
    )
    accuse.add_argument("--payee", metavar="ADDRESS", help="who is paid; default: the key's")
    accuse.add_argument("--dry-run", action="store_true", help="say what is broken, send nothing")
    add_key_options(accuse)
    add_output_options(accuse)
    accuse.set_defaults(run=run_accuse)


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add where signed blocks are kept."""
    parser.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        help="where signed blocks are kept (default: $XDG_STATE_HOME/sextant/receipts)",
    )


def run_list(arguments: argparse.Namespace) -> int:
    """List what was kept."""
    store = ReceiptStore(arguments.store)
    kept = [(chain, block) for chain in store.chains() for block in store.read(chain)]
    if arguments.json:
        rows = [
            {
                "chain_id": chain,
                "height": block.height,
                "time_ms": block.time_ms,
                "transactions": list(block.transactions),
                "signature": block.signature,
            }
            for chain, block in kept
        ]
        print_json("receipt.list", {"blocks": rows})
        return EXIT_OK
    print_table(
        arguments,
        ["chain", ">block", "time", "transaction"],
        [
            [chain, block.height, show_time(block.time_ms), f"0x{each.hex()[:16]}.."]
            for chain, block in kept
            for each in block.transactions
        ],
        empty="no signed block is kept here",
    )
    return EXIT_OK


def read_blocks(store: ReceiptStore, files: list[Path]) -> "list[SignedBlock]":
    """Return all signed blocks that were kept or are in ``files``."""
    from prover.betrayal import SignedBlock

    found = [
        SignedBlock(block.cursor, block.signature)
        for chain in store.chains()
        for block in store.read(chain)
    ]
    for path in files:
        try:
            header = json.loads(path.read_text())["header"]
            found.append(SignedBlock(bytes_of(header["cursor"]), bytes_of(header["signature"])))
        except OSError as error:
            raise BadRequest("FILE", f"{path}: {error.strerror}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadRequest("FILE", f"{path} is no receipt: {error!r}") from error
    return found


def run_accuse(arguments: argparse.Namespace) -> int:
    """Find a broken promise and have it punished; exit code 1: there is none, or L1 refused."""
    from prover.accuser import find_broken_promises

    blocks = read_blocks(ReceiptStore(arguments.store), arguments.files)
    target = L1_PLACE.resolve(arguments.l1, arguments.instance)
    key = None if arguments.dry_run else read_key(arguments).reveal()
    if arguments.payee:
        payee = read_address(arguments.payee)
    else:
        payee = bytes(20) if key is None else address_of(key)
    salts = Salts(payee)
    signed, found = asyncio.run(
        find_broken_promises(
            partial(connect, archives=arguments.archives), target, blocks, payee, salts.draw
        )
    )
    say(f"{signed} of {len(blocks)} blocks are signed by this exchange's signer")
    if signed and not found:
        say("none of them is broken")
    answer: dict[str, Any] = {
        "blocks": len(blocks),
        "broken": [
            {"kind": each.kind.name, "height": each.height, "reason": each.reason} for each in found
        ],
    }
    if found and key is not None:
        answer.update(asyncio.run(send_first(target, key, found, salts)))
    if arguments.json:
        print_json(SCHEMA, answer)
    else:
        for each in found:
            sys.stdout.write(f"{each.kind.name} block {each.height}: {each.reason}\n")
        if "code" in answer:
            print_pairs([(name, answer[name]) for name in ("code", "l1_block", "paid_gwei")])
    proved = answer.get("code") == "OK" or (arguments.dry_run and bool(found))
    return EXIT_OK if proved else EXIT_NO


class Salts:
    """The salt of what somebody commits to about one deployment's promises."""

    def __init__(self, payee: bytes) -> None:
        self.payee = payee
        self.store = CommitmentStore()
        self.purpose = self.salt = b""

    def draw(self, rules: "ContractRules") -> bytes:
        """Return the salt for a deployment: that of a commitment that is not opened yet, if any."""
        self.purpose = purpose_of(b"broken promises", rules.hash, self.payee)
        self.salt = self.store.draw(self.purpose)
        return self.salt

    def keep(self) -> None:
        """Have it on disk: a commitment is about to be sent."""
        self.store.keep(self.purpose, self.salt)

    def forget(self) -> None:
        """Drop it: L1 was shown it."""
        self.store.forget(self.purpose)


async def send_first(target: str, key: bytes, found: list[Any], salts: Salts) -> dict[str, Any]:
    """Show the first broken promise that L1 takes: it costs all of the bond."""
    from prover.accuser import show

    salts.keep()
    l1 = connect(target, key)
    try:
        for each in found:
            receipt = await show(l1, each, say, salts.forget)
            if receipt.ok:
                break
            say(f"{each.kind.name} block {each.height}: {receipt.message}")
    finally:
        await l1.close()
    paid = receipt.value if receipt.ok else 0
    return {"code": receipt.code.name, "l1_block": receipt.block, "paid_gwei": paid}


def connect(target: str, key: bytes | None, archives: str = "") -> Any:  # noqa: ANN401  an L1
    """Return an adapter to the L1 at ``target``, which signs with ``key``."""
    keepers = import_module("node.l1.archives").archives_of(archives)
    adapter = import_module("node.l1.adapter").GrpcL1
    return adapter(target, key or b"", archives=keepers, on_stuck=say)
