"""``sextant``: the root of the command line.

Each command lives in a module of its own, named in ``COMMANDS`` and loaded
only when it is asked for, so that ``--help`` answers before gRPC could have
been imported.

Exit codes: 0 done, 1 the answer is "no", 2 bad usage, 3 cannot reach or
read something, 70 a bug.  Data goes to stdout, talk to stderr.
"""

import argparse
import contextlib
import gc
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import ClassVar, Final, NamedTuple, NoReturn

from sextant.errors import (
    EXIT_BUG,
    EXIT_OK,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    BadRequest,
    ClientError,
)
from statemachine.errors import SextantError

EXIT_INTERRUPTED: Final = 130


class Command(NamedTuple):
    """Where a command lives, and what it is for."""

    group: str
    module: str
    summary: str


COMMANDS: Final[dict[str, Command]] = {
    "order": Command("trade", "sextant.cli.order", "place an order, or look one up"),
    "cancel": Command("trade", "sextant.cli.cancel", "cancel one order, or all of them"),
    "modify": Command("trade", "sextant.cli.modify", "change the price or size of an order"),
    "bracket": Command("trade", "sextant.cli.bracket", "an entry with its stop and take-profit"),
    "twap": Command("trade", "sextant.cli.twap", "trade in even slices over time"),
    "scale": Command("trade", "sextant.cli.scale", "spread orders between two prices"),
    "close": Command("trade", "sextant.cli.close", "close a position, whatever its size"),
    "pos": Command("trade", "sextant.cli.pos", "show positions"),
    "leverage": Command("trade", "sextant.cli.leverage", "bound what a position may be"),
    "account": Command("trade", "sextant.cli.account", "show balances, margin and open orders"),
    "poke": Command("trade", "sextant.cli.poke", "have a portfolio looked at, anybody's"),
    "book": Command("markets", "sextant.cli.book", "show the order book of a market"),
    "trades": Command("markets", "sextant.cli.trades", "show or follow trades"),
    "market": Command("markets", "sextant.cli.market", "show one market: prices and rules"),
    "markets": Command("markets", "sextant.cli.markets", "list all markets"),
    "checklist": Command(
        "markets", "sextant.cli.checklist", "what to know before a position, and the way out"
    ),
    "watch": Command("markets", "sextant.cli.watch", "follow blocks, a book, an account, markets"),
    "assets": Command("money", "sextant.cli.assets", "list collateral beyond USDC, and offers"),
    "fees": Command("money", "sextant.cli.fees", "fees, your tier, referrers and builders"),
    "deposit": Command("money", "sextant.cli.deposit", "deposit from L1"),
    "withdraw": Command("money", "sextant.cli.withdraw", "withdraw to L1, list, or force it"),
    "force": Command("money", "sextant.cli.force", "act through L1, where nobody can refuse it"),
    "claim": Command("money", "sextant.cli.claim", "collect a final withdrawal on L1"),
    "sale": Command("money", "sextant.cli.sale", "sell a withdrawal at once, or buy others'"),
    "escape": Command("money", "sextant.cli.escape", "get out of an exchange that stopped"),
    "pool": Command("money", "sextant.cli.pool", "lend to the lending pool, or redeem from it"),
    "vault": Command("money", "sextant.cli.vault", "buy into a market's backstop, or leave it"),
    "fund": Command("money", "sextant.cli.fund", "lead a fund, buy into one, or leave it"),
    "transfer": Command("money", "sextant.cli.transfer", "move money between sub-accounts"),
    "send": Command("money", "sextant.cli.send", "send money to another owner"),
    "agent": Command("keys", "sextant.cli.agent", "approve or revoke an agent key"),
    "wallet": Command("keys", "sextant.cli.wallet", "make, import or show a key"),
    "status": Command("chain", "sextant.cli.status", "show heads, health and versions of a node"),
    "tx": Command("chain", "sextant.cli.tx", "show a transaction and its receipts"),
    "block": Command("chain", "sextant.cli.block", "show a block"),
    "receipt": Command(
        "chain", "sextant.cli.receipt", "fetch, verify or keep receipts, and accuse"
    ),
    "bond": Command("chain", "sextant.cli.bond", "what is behind the sequencer's signature"),
    "proof": Command("chain", "sextant.cli.proof", "fetch or verify a proof of state"),
    "node": Command("run", "node.cli", "run a sequencer, a poster or a follower"),
    "rebuild": Command("run", "node.rebuild_cli", "make a node's store anew, from L1 alone"),
    "config": Command("run", "node.config_cli", "show settings, and where each came from"),
    "challenger": Command("run", "prover.cli", "watch the claims on L1, and dispute them"),
    "attester": Command("run", "sextant.cli.attester", "vouch for claims with a stake"),
    "l1": Command("run", "devnet.l1.cli", "look into L1, change the rules, or run the stub"),
    "oracle": Command("run", "devnet.oracle_cli", "run an oracle publisher"),
    "bot": Command("run", "devnet.bots.cli", "run a market maker or a taker"),
    "devnet": Command("devnet", "devnet.cli", "run everything on this machine"),
    "dev": Command("devnet", "devnet.dev_cli", "mine, warp, move prices, corrupt claims"),
    "replay": Command("devnet", "devnet.replay.cli", "feed a recorded market through it"),
    "scenario": Command("devnet", "devnet.scenarios.cli", "play a crash, and see who was hurt"),
    "bench": Command("devnet", "bench.cli", "measure how fast it all is here"),
}

Run = Callable[[argparse.Namespace], int]


class Unreadable(ClientError):
    """A file or a device does not give, or take, what it should."""

    exit_code: ClassVar[int] = EXIT_UNREACHABLE


class JsonParser(argparse.ArgumentParser):
    """A parser, as are those of its subcommands, that says no to programs."""

    def error(self, message: str) -> NoReturn:
        """Raise ``BadRequest`` for bad usage."""
        raise BadRequest(
            "USAGE", f"{self.prog}: {message}", advice=f"`{self.prog} --help` says more"
        )


def describe() -> str:
    """Return the list of commands, grouped."""
    width = max(map(len, COMMANDS)) + 2
    lines: list[str] = []
    group = ""
    for name, command in COMMANDS.items():
        if command.group != group:
            group = command.group
            lines.append(f"\n{group}:")
        lines.append(f"  {name:<{width}}{command.summary}")
    return "\n".join(lines)


def build_root() -> argparse.ArgumentParser:
    """Return the parser of what stands before the command's name."""
    parser = argparse.ArgumentParser(
        prog="sextant",
        usage="sextant [-h] [--version] COMMAND ...",
        description="Trade on, run and check a Sextant rollup.",
        epilog=f"{describe()}\n\n`sextant COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="what to do")
    return parser


def build_parser(
    name: str, kind: type[argparse.ArgumentParser] = argparse.ArgumentParser
) -> argparse.ArgumentParser:
    """Load one command's module and return its parser, of a ``kind``.

    Raises
    ------
    ImportError
        Part of the installation is missing.
    """
    command = COMMANDS[name]
    parser = kind(
        prog=f"sextant {name}",
        description=command.summary[0].upper() + command.summary[1:] + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    import_module(command.module).add_commands(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # What gRPC says about its connections is for its own developers.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    words = list(sys.argv[1:] if argv is None else argv)
    before = 0
    while before < len(words) and words[before].startswith("-"):
        before += 1
    root = build_root()
    try:
        options = root.parse_args(words[: before + 1])
        if options.version:
            return _print_version()
        if options.command is None:
            root.print_help()
            return EXIT_USAGE
        if options.command not in COMMANDS:
            return _refuse_unknown(options.command)
        kind = JsonParser if "--json" in words else argparse.ArgumentParser
        arguments = build_parser(options.command, kind).parse_args(words[before + 1 :])
    except BadRequest as error:
        return _say_json(error)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else EXIT_USAGE
    except KeyboardInterrupt:
        return end_interrupted()
    except ImportError as error:
        return _say(
            EXIT_UNREACHABLE,
            f"`{options.command}` cannot be loaded: {error}; install again with all dependencies",
        )
    return execute(arguments)


def execute(arguments: argparse.Namespace) -> int:
    """Call the command that was parsed; turn what it raises into an exit code."""
    run: Run | None = getattr(arguments, "run", None)
    if run is None:
        return _say(EXIT_USAGE, "nothing to do: name a subcommand, or add --help")
    try:
        code = run(arguments)
        sys.stdout.flush()
    except ClientError as error:
        if getattr(arguments, "json", False):
            return _say_json(error)
        return _say(error.exit_code, str(error))
    except KeyboardInterrupt as interrupted:
        for note in notes_of(interrupted):
            _say(EXIT_INTERRUPTED, note)
        return end_interrupted()
    except BrokenPipeError:
        # The reader of our output has gone: not an error, and nothing to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except (OSError, EOFError, SextantError) as error:
        refused = _unreadable(error)
        if getattr(arguments, "json", False):
            return _say_json(refused)
        return _say(refused.exit_code, str(refused))
    except Exception as error:  # noqa: BLE001 - the last resort of a program
        return _say(EXIT_BUG, _report_bug(error))
    return code


def notes_of(interrupted: BaseException) -> list[str]:
    """Return what those who were interrupted left behind: something that was sent, most likely."""
    notes: list[str] = []
    error: BaseException | None = interrupted
    while error is not None:
        notes += getattr(error, "__notes__", ())
        error = error.__context__
    return notes


def end_interrupted() -> int:
    """Let go of everything while the interpreter is whole; a second ctrl-C adds nothing."""
    with contextlib.suppress(ValueError):  # only the main thread may
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A channel that outlived this would be taken apart along with the modules it needs.
    gc.collect()
    return EXIT_INTERRUPTED


def _unreadable(error: OSError | EOFError | SextantError) -> Unreadable:
    """Return what the system said of a file, or our own code of L1 or a store, in words."""
    if isinstance(error, SextantError):
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(error).__name__)
        return Unreadable(name.upper(), str(error))
    if isinstance(error, OSError) and error.filename and error.strerror:
        return Unreadable("FILE", f"{error.filename}: {error.strerror}")
    return Unreadable("SYSTEM", f"{type(error).__name__}: {error}")


def _say_json(error: ClientError) -> int:
    """Say what went wrong so that a program understands it; still on stderr."""
    import json

    body = {
        "schema": "sextant.error.v1",
        "code": error.code,
        "message": error.message,
        "advice": error.advice,
        "retryable": error.retryable,
    }
    sys.stderr.write(json.dumps(body) + "\n")
    return error.exit_code


def _report_bug(error: Exception) -> str:
    import traceback

    trace = "".join(traceback.format_exception(error))
    return f"{trace}BUG: {type(error).__name__}: {error}; please report the lines above"


def _refuse_unknown(name: str) -> int:
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`sextant --help` lists the commands"
    return _say(EXIT_USAGE, f"there is no command {name!r}; {hint}")


def _print_version() -> int:
    from sextant import __version__

    sys.stdout.write(f"sextant {__version__}\n")
    return EXIT_OK


def _say(code: int, message: str) -> int:
    sys.stderr.write(f"sextant: {message}\n")
    return code
