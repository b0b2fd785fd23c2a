"""``sextant dev``: the developer's controls of a devnet: mine, warp, prices, faucet, frauds.

Everything here talks to ports that listen on loopback only, except prices, which are a file that
the publishers watch.
"""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Callable
from typing import Final

from devnet.place import add_place, place_of
from sextant.cli.numbers import U32_MAX, read_span, whole

BLOCKS_MAX: Final = 1_000
"""Blocks that L1 makes at a time."""
GAS_PRICE_MAX: Final = 10**12
HOLD_BLOCKS_MAX: Final = 1_000_000
ENTRIES_MAX: Final = (1 << 32) - 1
GWEI_DIGITS: Final = 9
U63: Final = 1 << 63
BACKWARD: Final = re.compile(r"-\d")
CORRUPTIONS: Final = ("segment-root", "trace-length", "wrong-start")


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare the commands of ``sextant dev``."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    price = add_command(commands, "price", "hold a market's price, or release it", run_price)
    price.add_argument("market", nargs="?", help="such as BTC; without it, show what is held")
    price.add_argument("price", nargs="?", help="USD per unit; without it, release the price")
    mine = add_command(commands, "mine", "make L1 blocks now", run_mine)
    mine.add_argument(
        "blocks", nargs="?", type=whole(1, BLOCKS_MAX), default=1, help="how many (default 1)"
    )
    warp = add_command(commands, "warp", "move the chain's clock forward", run_warp)
    warp.add_argument("by", type=read_forward, help="such as 90s, 30m, 8h, 1d")
    # Else argparse takes -5m for an option, and says that the argument is missing.
    warp._negative_number_matcher = BACKWARD  # noqa: SLF001  there is no other way to say so
    reorg = add_command(commands, "reorg", "take L1 blocks back, and make others", run_reorg)
    reorg.add_argument("depth", type=whole(1, BLOCKS_MAX), help="how many; none that is final")
    reorg.add_argument("--drop", action="store_true", help="forget the calls in them")
    prune = add_command(commands, "prune", "let L1 drop the bytes of old batches", run_prune)
    prune.add_argument(
        "before", type=whole(0, ENTRIES_MAX), help="log index of the first that keeps its bytes"
    )
    mempool = add_command(commands, "mempool", "hold up or drop calls to L1", run_mempool)
    mempool.add_argument(
        "--delay",
        type=whole(0, BLOCKS_MAX),
        default=0,
        metavar="BLOCKS",
        help="so many blocks hold no calls (default 0: the next one may)",
    )
    mempool.add_argument("--drop", action="store_true", help="forget the calls that wait")
    gas = add_command(commands, "gas", "set the base fee of gas on L1: a spike", run_gas)
    gas.add_argument(
        "price", type=whole(0, GAS_PRICE_MAX), help="gwei per million gas; 0: calls are free"
    )
    gas.add_argument(
        "--hold",
        type=whole(0, HOLD_BLOCKS_MAX),
        default=0,
        metavar="BLOCKS",
        help="so many blocks leave it there (default 0); then it moves with use",
    )
    faucet = add_command(commands, "faucet", "give an L1 address ETH, USDC and more", run_faucet)
    faucet.add_argument("address", help="0x and 40 hex digits, or a devnet name such as alice")
    faucet.add_argument("--usdc", default="10000", help="USDC (default 10000)")
    faucet.add_argument("--eth", default="10", help="ETH (default 10)")
    faucet.add_argument("--asset", metavar="ASSET", help="another asset as well, such as WSTETH")
    faucet.add_argument("--amount", default="10", help="how much of the asset (default 10)")
    corrupt = add_command(
        commands, "corrupt-next-claim", "make the next claim wrong, once", run_corrupt
    )
    corrupt.add_argument("--kind", choices=CORRUPTIONS, default=CORRUPTIONS[0])
    corrupt.add_argument(
        "--segment", type=whole(0, U32_MAX), help="which one (default: in the middle)"
    )
    censor = add_command(
        commands, "censor", "have the sequencer ignore people; nobody, without any", run_censor
    )
    censor.add_argument(
        "addresses", nargs="*", metavar="ADDRESS", help="0x and 40 hex digits, or a devnet name"
    )
    censor.add_argument("--inbox", action="store_true", help="name no inbox item in any block")
    pause = add_command(commands, "pause", "stop making blocks once all are posted", run_pause)
    pause.set_defaults(paused=True)
    resume = add_command(commands, "resume", "go on making blocks", run_pause)
    resume.set_defaults(paused=False)
    keys = add_command(commands, "keys", "print the devnet's public, UNSAFE keys", run_keys)
    keys.add_argument("name", nargs="?", help="such as alice; without it, all")


def read_forward(text: str) -> int:
    """Return a span of time in ms, which is no way back."""
    if BACKWARD.match(text):
        raise argparse.ArgumentTypeError(f"{text!r}: a chain's clock only goes forward, such as 5m")
    return read_span(text)


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    summary: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    """Declare one command with what all of them take."""
    parser = commands.add_parser(name, help=summary)
    add_place(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)
    return parser


def say(arguments: argparse.Namespace, text: str, **facts: object) -> int:
    """Print what was done, for people or for machines; return the exit code."""
    if arguments.json:
        sys.stdout.write(json.dumps({"schema": "sextant.dev.v1", **facts}) + "\n")
    else:
        sys.stdout.write(text + "\n")
    return 0


def run_price(arguments: argparse.Namespace) -> int:
    """Hold, release or show prices."""
    from devnet.genesis import devnet_rules
    from devnet.prices import HeldPrices
    from sextant.client.amounts import show_decimal
    from sextant.client.market import Market
    from sextant.errors import BadRequest

    layout = place_of(arguments)
    held = HeldPrices(layout.prices)
    markets = {
        m.symbol.decode(): Market(
            id=m.market, name=m.symbol.decode(), lot_decimals=m.lot_decimals, tick=m.tick
        )
        for m in devnet_rules().markets
    }
    if arguments.market is None:
        shown = {name: show_decimal(markets[name].show_price(p)) for name, p in held.read().items()}
        text = "\n".join(f"{name} {price}" for name, price in shown.items()) or "no price is held"
        return say(arguments, text, held=shown)
    name = arguments.market.upper()
    if name not in markets:
        raise BadRequest("MARKET", f"there is no market {name}", advice=", ".join(markets))
    if not layout.directory.is_dir():
        raise BadRequest("DEVNET", f"there is no devnet in {layout.directory}")
    if arguments.price is None:
        held.hold(name, None)
        return say(arguments, f"{name} walks again", market=name, price=None)
    held.hold(name, markets[name].price(arguments.price))
    return say(
        arguments, f"{name} is held at {arguments.price}", market=name, price=arguments.price
    )


def run_mine(arguments: argparse.Namespace) -> int:
    """Make L1 blocks."""
    from devnet.controls import Controls

    number = asyncio.run(Controls(place_of(arguments)).mine(arguments.blocks))
    return say(arguments, f"L1 is at block {number}", block=number)


def run_warp(arguments: argparse.Namespace) -> int:
    """Move the clock of L1, and with it the chain's."""
    from devnet.controls import Controls

    offset = asyncio.run(Controls(place_of(arguments)).warp(arguments.by))
    text = f"the chain's clock is {offset / 1000:+,.0f} s from the wall clock"
    return say(arguments, text, offset_ms=offset)


def run_reorg(arguments: argparse.Namespace) -> int:
    """Take L1 blocks back."""
    from devnet.controls import Controls

    work = Controls(place_of(arguments)).reorg(arguments.depth, drop=arguments.drop)
    fork, latest = asyncio.run(work)
    text = f"L1 forked after block {fork}; the new fork is at block {latest}"
    return say(arguments, text, fork_block=fork, block=latest)


def run_prune(arguments: argparse.Namespace) -> int:
    """Let L1 drop the bytes of old batches."""
    from devnet.controls import Controls

    dropped = asyncio.run(Controls(place_of(arguments)).prune(arguments.before))
    text = f"L1 dropped the bytes of {dropped} log entries before {arguments.before}"
    return say(arguments, text, entries=dropped)


def run_mempool(arguments: argparse.Namespace) -> int:
    """Hold up or drop calls to L1."""
    from devnet.controls import Controls

    work = Controls(place_of(arguments)).set_mempool(arguments.delay, drop=arguments.drop)
    dropped = asyncio.run(work)
    text = f"{dropped} calls were dropped; the next {arguments.delay} blocks hold none"
    return say(arguments, text, dropped_calls=dropped, delay_blocks=arguments.delay)


def run_gas(arguments: argparse.Namespace) -> int:
    """Set the base fee of gas."""
    from devnet.controls import Controls

    hold = arguments.hold
    price = asyncio.run(Controls(place_of(arguments)).set_gas_price(arguments.price, hold))
    stays = f", for {hold} blocks at least" if hold else ", and moves with use"
    text = f"gas costs {price} gwei per million in the next block{stays}"
    return say(arguments, text, gas_price=price, hold_blocks=hold)


def run_faucet(arguments: argparse.Namespace) -> int:
    """Give an address money on L1."""
    from devnet.controls import Controls
    from devnet.genesis import devnet_rules
    from devnet.identities import address_of_name
    from sextant.client.amounts import (
        from_micros,
        scale_exact,
        show_decimal,
        to_decimal,
        to_micros,
    )
    from sextant.errors import BadRequest

    address = address_of_name(arguments.address)
    eth, usdc = scale_exact(arguments.eth, GWEI_DIGITS), to_micros(arguments.usdc)
    if not (0 <= eth < U63 and eth.denominator == 1 and 0 <= usdc < U63):
        what = f"{arguments.eth} ETH and {arguments.usdc} USDC"
        raise BadRequest("AMOUNT", f"the faucet cannot give {what}", advice="such as 10 and 1000")
    asset, units = read_asset(arguments)
    work = Controls(place_of(arguments)).faucet(address, int(eth), usdc, asset, units)
    account = asyncio.run(work)
    shown = show_decimal(from_micros(account.token_micros))
    names = {rules.asset: rules for rules in devnet_rules().assets}
    others = "".join(
        f", {show_decimal(to_decimal(held.units, names[held.asset].decimals))}"
        f" {names[held.asset].symbol.decode()}"
        for held in account.holdings
        if held.asset in names
    )
    return say(
        arguments,
        f"0x{address.hex()} has {account.eth_gwei / 10**9:g} ETH and {shown} USDC{others} on L1",
        address="0x" + address.hex(),
        eth_gwei=str(account.eth_gwei),
        token_micros=str(account.token_micros),
        asset_units={names[h.asset].symbol.decode(): str(h.units) for h in account.holdings},
    )


def read_asset(arguments: argparse.Namespace) -> tuple[int, int]:
    """Return the number of the asset that the faucet is to give, and how many units."""
    from devnet.genesis import devnet_rules
    from sextant.client.amounts import scale_exact
    from sextant.errors import BadRequest

    if arguments.asset is None:
        return 0, 0
    assets = {rules.symbol.decode(): rules for rules in devnet_rules().assets}
    rules = assets.get(arguments.asset.upper())
    if rules is None:
        known = ", ".join(assets)
        raise BadRequest("ASSET", f"there is no asset {arguments.asset}", advice=known)
    units = scale_exact(arguments.amount, rules.decimals)
    if units.denominator != 1 or not 0 <= units < U63:
        what = f"the faucet cannot give {arguments.amount} {arguments.asset}"
        raise BadRequest("AMOUNT", what, advice="such as 10")
    return rules.asset, int(units)


def run_corrupt(arguments: argparse.Namespace) -> int:
    """Make the next claim wrong."""
    from devnet.controls import Controls

    index = asyncio.run(
        Controls(place_of(arguments)).corrupt_next_claim(arguments.kind, arguments.segment)
    )
    where = f"claim on log entry {index}" if index is not None else "next claim"
    return say(arguments, f"the {where} will be wrong ({arguments.kind})", log_index=index)


def run_censor(arguments: argparse.Namespace) -> int:
    """Have the sequencer ignore people, or stop that."""
    from devnet.controls import Controls
    from devnet.identities import address_of_name

    addresses = [address_of_name(name) for name in arguments.addresses]
    asyncio.run(Controls(place_of(arguments)).censor(addresses, inbox=arguments.inbox))
    text = f"the sequencer ignores {', '.join(arguments.addresses) or 'nobody'}"
    if arguments.inbox:
        text += ", and names no inbox item"
    ignored = [f"0x{address.hex()}" for address in addresses]
    return say(arguments, text, ignored=ignored, inbox=arguments.inbox)


def run_pause(arguments: argparse.Namespace) -> int:
    """Stop or resume the making of blocks."""
    from devnet.controls import Controls

    asyncio.run(Controls(place_of(arguments)).pause(paused=arguments.paused))
    text = "no blocks are made" if arguments.paused else "blocks are made again"
    return say(arguments, text, paused=arguments.paused)


def run_keys(arguments: argparse.Namespace) -> int:
    """Print the public keys of a devnet."""
    from devnet.identities import NAMES, identity_of
    from sextant.errors import BadRequest

    if arguments.name is not None and arguments.name not in NAMES:
        advice = f"try {', '.join(NAMES)}"
        raise BadRequest("NAME", f"the devnet knows no {arguments.name!r}", advice=advice)
    names = [arguments.name] if arguments.name else list(NAMES)
    found = {
        name: {"address": "0x" + who.address.hex(), "key": "0x" + who.key.hex()}
        for name in names
        for who in [identity_of(name)]
    }
    text = "\n".join(f"{n:<12} {f['address']}  {f['key']}  UNSAFE" for n, f in found.items())
    return say(arguments, text, keys=found)
