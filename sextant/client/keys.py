"""Signing keys: where they come from, and how they are kept from view.

A key is never a command-line argument.  It comes from a file that only its
owner can read (raw hex, or an Ethereum keystore v3), or from a named
environment variable.  In memory it is a ``Secret`` (:mod:`sextant.client.secret`).
"""

import json
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sextant.client.secret import SECP256K1_ORDER, Secret
from sextant.errors import BadRequest, KeyUnreadable

KEY_FILE_BYTES_MAX: Final = 16_384
KEY_FILE_VARIABLE: Final = "SEXTANT_KEY_FILE"


def make_key() -> Secret:
    """Return a new random key."""
    return Secret((secrets.randbelow(SECP256K1_ORDER - 1) + 1).to_bytes(32, "big"))


def parse_key(text: str) -> Secret:
    """Return the key written as 64 hex digits, with or without ``0x``."""
    digits = text.strip().removeprefix("0x")
    try:
        return Secret(bytes.fromhex(digits))
    except ValueError:
        # Not chained: the text of the error would show part of the key.
        raise BadRequest("KEY", "not a private key of 64 hex digits") from None


def load_key(
    path: str | Path | None = None,
    *,
    variable: str | None = None,
    password: Callable[[], str] | None = None,
) -> Secret:
    """Return the key in a file, in an environment variable, or the default one.

    Parameters
    ----------
    path
        A file of 64 hex digits, or a keystore v3; mode 0600.
    variable
        The *name* of an environment variable that holds the hex digits.
    password
        Asked for the password, if the file is a keystore.

    Raises
    ------
    KeyUnreadable
        There is no such key, or others could read it.
    """
    if variable is not None:
        value = os.environ.get(variable)
        if value is None:
            raise KeyUnreadable("KEY_MISSING", f"environment variable {variable} is not set")
        return parse_key(value)
    text = read_private_file(Path(path) if path is not None else find_default_key())
    if not text.lstrip().startswith("{"):
        return parse_key(text)
    if password is None:
        raise KeyUnreadable(
            "PASSWORD", "this key file is a keystore", advice="pass `password=`, or use a prompt"
        )
    from sextant.client.keystore import open_keystore  # noqa: PLC0415 - loads ciphers

    return open_keystore(json.loads(text), password())


def default_directory() -> Path:
    """Return where keys are kept: ``$XDG_CONFIG_HOME/sextant``."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "sextant"


def find_default_key() -> Path:
    """Return the file named by ``SEXTANT_KEY_FILE``, else the default place."""
    named = os.environ.get(KEY_FILE_VARIABLE)
    return Path(named) if named else default_directory() / "key"


def read_private_file(path: Path) -> str:
    """Return the text of a file that only its owner can read.

    Raises
    ------
    KeyUnreadable
        ``KEY_MISSING``, ``KEY_EXPOSED`` (group or others have access) or
        ``KEY_UNREADABLE``.
    """
    try:
        with path.open("rb") as file:
            # The open file is asked, not the path: nobody can swap it in between.
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KeyUnreadable(
                    "KEY_EXPOSED",
                    f"others can read {path} (mode {stat.S_IMODE(mode):04o})",
                    advice=f"chmod 600 {path}, and consider the key known",
                )
            return file.read(KEY_FILE_BYTES_MAX).decode()
    except FileNotFoundError:
        raise KeyUnreadable(
            "KEY_MISSING",
            f"there is no key at {path}",
            advice="make one with `sextant wallet new`, or name one with --key-file",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnreadable("KEY_UNREADABLE", f"cannot read {path}: {error}") from error


def write_private_file(path: Path, text: str) -> None:
    """Create a file that only its owner can read; never overwrite one.

    Raises
    ------
    BadRequest
        ``KEY_EXISTS``.
    KeyUnreadable
        The place cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadRequest(
            "KEY_EXISTS", f"{path} exists", advice="choose another name with --out"
        ) from None
    except OSError as error:
        raise KeyUnreadable("KEY_UNWRITABLE", f"cannot write {path}: {error}") from error
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # Half a key is none, and would be in the way of the next attempt.
        path.unlink(missing_ok=True)
        raise KeyUnreadable("KEY_UNWRITABLE", f"cannot write {path}: {error}") from error
