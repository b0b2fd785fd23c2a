"""How a command gets its client and its key, and runs to its end."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from prover.contract.fees import Bid, FeePolicy
from sextant.cli.options import follower_target, l1_target, node_target
from sextant.cli.output import say
from sextant.client.api import AsyncClient
from sextant.client.keys import load_key, parse_key
from sextant.client.names import read_address
from sextant.client.receipt_store import ReceiptStore
from sextant.client.secret import Secret
from sextant.errors import BadRequest, KeyUnreadable

Answer = TypeVar("Answer")


def ask_password(prompt: str = "password: ") -> str:
    """Ask for a password on the terminal; read a line where there is none."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\n")


def read_key(arguments: argparse.Namespace) -> Secret:
    """Return the key that the options name.

    Raises
    ------
    KeyUnreadable
        There is no such key.
    """
    name: str | None = arguments.devnet_name
    if name is not None:
        return devnet_key(name)
    return load_key(arguments.key_file, variable=arguments.key_env, password=ask_password)


def devnet_key(name: str) -> Secret:
    """Return the UNSAFE key of one of the devnet's identities.

    Raises
    ------
    BadRequest
        ``NAME``: no such identity.
    KeyUnreadable
        This installation has no devnet.
    """
    try:
        from devnet.identities import NAMES, identity_of
    except ImportError as error:
        raise KeyUnreadable("DEVNET", f"the devnet is not installed: {error}") from error
    if name not in NAMES:
        raise BadRequest("NAME", f"the devnet knows no {name!r}", advice=f"try {', '.join(NAMES)}")
    return parse_key(identity_of(name).key.hex())


def policy_of(arguments: argparse.Namespace) -> FeePolicy:
    """Return how calls to L1 bid, as the options say."""
    return FeePolicy(getattr(arguments, "max_gas_price", 0))


def say_raised(kind: str, bid: Bid, base_fee: int) -> None:
    """Say that a call to L1 waited for too long, and bids more now."""
    say(
        f"{kind} waits, L1's base fee is {base_fee}: it bids {bid.fee_max} now,"
        f" {bid.tip} of it as a tip (gwei per million gas)"
    )


def say_unkept(error: OSError) -> None:
    """Say that what proves a promise of the sequencer's could not be written down."""
    say(f"the signed block is not kept, which `sextant receipt accuse` would need: {error}")


def run_client(
    arguments: argparse.Namespace,
    work: Callable[[AsyncClient], Awaitable[Answer]],
    *,
    signs: bool = False,
) -> Answer:
    """Open a client as the options say, do the work, and close it."""

    async def run() -> Answer:
        key = read_key(arguments) if signs else None
        sequencer: str | None = arguments.sequencer
        client = AsyncClient(
            node_target(arguments),
            key=key,
            sub=getattr(arguments, "sub", 0),
            timeout=arguments.timeout,
            sequencer=read_address(sequencer) if sequencer else None,
            l1=l1_target(arguments),
            l1_policy=policy_of(arguments),
            l1_raised=say_raised,
            follower=follower_target(arguments),
            receipts=ReceiptStore(on_failure=say_unkept) if signs else None,
        )
        async with client:
            return await work(client)

    return asyncio.run(run())
