"""``sextant wallet``: make, import or show a key.  A key is never an argument."""

import argparse
import json
import sys
from pathlib import Path

from sextant.cli.options import add_key_options, add_output_options, examples
from sextant.cli.output import print_json, print_pairs, say
from sextant.cli.session import ask_password, read_key
from sextant.client.keys import find_default_key, make_key, parse_key, write_private_file
from sextant.client.secret import Secret
from sextant.errors import EXIT_OK, BadRequest
from statemachine.identity.signing import address_of


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add ``new``, ``import`` and ``address``."""
    parser.epilog = examples("sextant wallet new", "sextant wallet import --out bob.key < key.txt")
    commands = parser.add_subparsers(metavar="COMMAND")
    new = commands.add_parser("new", help="make a new key", allow_abbrev=False)
    new.set_defaults(run=run_new)
    imported = commands.add_parser(
        "import", help="read 64 hex digits or a keystore from stdin", allow_abbrev=False
    )
    imported.set_defaults(run=run_import)
    for command in (new, imported):
        command.add_argument(
            "--out",
            type=Path,
            metavar="FILE",
            help="where to keep it, mode 0600 (default: $SEXTANT_KEY_FILE, else"
            " ~/.config/sextant/key)",
        )
        command.add_argument(
            "--keystore", action="store_true", help="encrypt it under a password (keystore v3)"
        )
    address = commands.add_parser("address", help="show a key's address", allow_abbrev=False)
    add_key_options(address)
    address.set_defaults(run=run_address)
    for command in (new, imported, address):
        add_output_options(command)


def run_new(arguments: argparse.Namespace) -> int:
    """Make a key."""
    return keep(arguments, make_key())


def run_import(arguments: argparse.Namespace) -> int:
    """Import a key."""
    if sys.stdin.isatty():
        text = ask_password("private key (64 hex digits, not shown): ")
    else:
        text = sys.stdin.read()
    if text.lstrip().startswith("{"):
        from sextant.client.keystore import open_keystore

        if not Path("/dev/tty").exists():
            raise BadRequest("PASSWORD", "a keystore's password needs a terminal")
        key = open_keystore(json.loads(text), ask_terminal("password of the keystore: "))
    else:
        key = parse_key(text)
    return keep(arguments, key)


def ask_terminal(prompt: str) -> str:
    """Ask on the terminal, even if stdin is a file."""
    import getpass

    return getpass.getpass(prompt)


def keep(arguments: argparse.Namespace, key: Secret) -> int:
    """Write a key to its file, and say its address."""
    path = arguments.out or find_default_key()
    address = address_of(key.reveal())
    if arguments.keystore:
        from sextant.client.keystore import seal_keystore

        password = ask_terminal("new password: ") if sys.stdin.isatty() else ask_password()
        if not password:
            raise BadRequest("PASSWORD", "an empty password protects nothing")
        text = json.dumps(seal_keystore(key, password, address), indent=2)
    else:
        text = key.reveal().hex()
    write_private_file(path, text + "\n")
    if not arguments.keystore:
        say("the key is stored unencrypted, readable by you only; --keystore encrypts it")
    if arguments.json:
        print_json("wallet", {"address": address, "file": str(path)})
    else:
        print_pairs([("address", address), ("file", path)])
    return EXIT_OK


def run_address(arguments: argparse.Namespace) -> int:
    """Show a key's address."""
    address = address_of(read_key(arguments).reveal())
    if arguments.json:
        print_json("wallet", {"address": address})
    else:
        sys.stdout.write(f"0x{address.hex()}\n")
    return EXIT_OK
