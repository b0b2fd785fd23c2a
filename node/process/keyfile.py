"""Private keys in files: 64 hex digits, readable by their owner only."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from statemachine.errors import SextantError

KEY_MODE = 0o600


class KeyUnreadable(SextantError):
    """A key file is missing, malformed, or readable by others."""


def load_key(path: Path) -> bytes:
    """Return the 32-byte key in ``path``, or raise ``KeyUnreadable``."""
    try:
        mode = path.stat().st_mode
        text = path.read_text().strip()
    except OSError as error:
        raise KeyUnreadable(f"key file {path}: {error.strerror}") from error
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        raise KeyUnreadable(f"key file {path}: readable by others; chmod 600 it")
    try:
        key = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise KeyUnreadable(f"key file {path}: not hex digits") from error
    if len(key) != 32:
        raise KeyUnreadable(f"key file {path}: {len(key)} bytes, expected 32")
    return key


def load_or_create_key(path: Path) -> bytes:
    """Return the key in ``path``; a missing file gets a fresh key."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place, and moved there whole: half a key would have to be removed by hand.
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, KEY_MODE)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was faster: its key is the one
                os.link(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    return load_key(path)
