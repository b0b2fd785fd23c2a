"""The salts of commitments on L1, kept until what they commit to was shown.

Whoever accuses commits first, and shows the proof once the commitment is old enough; its
salt keeps others from knowing what it is about.  Without the salt nobody can open it, and
it was paid for in vain.  So the salt is on disk before the commitment is sent, as a
defender keeps it: who tries again after a crash commits to the same, and L1 answers that
it has that already.

One file of 64 hex digits for each purpose, under the user's state directory.
"""

import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from sextant.client.receipt_store import state_directory
from statemachine.codec import pack

SALT_BYTES: Final = 32


def purpose_of(*parts: bytes) -> bytes:
    """Return the name of what is committed to: which deployment, about what, paid to whom."""
    return sha256(pack(list(parts))).digest()


class CommitmentStore:
    """Files of salts, one for each purpose that was not seen to its end."""

    def __init__(self, directory: Path | None = None) -> None:
        """Keep them in ``directory``; the user's state directory if that is ``None``."""
        self.directory = state_directory("commitments") if directory is None else directory

    def path_of(self, purpose: bytes) -> Path:
        """Return the file of a purpose."""
        return self.directory / purpose.hex()

    def draw(self, purpose: bytes) -> bytes:
        """Return the salt that is kept, or a new one, which is not kept yet."""
        try:
            kept = bytes.fromhex(self.path_of(purpose).read_text())
        except (FileNotFoundError, ValueError):
            kept = b""
        return kept if len(kept) == SALT_BYTES else secrets.token_bytes(SALT_BYTES)

    def keep(self, purpose: bytes, salt: bytes) -> None:
        """Have a salt on disk when this returns, whole, for its owner alone to read."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.path_of(purpose)
        fresh = path.with_suffix(f".{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(salt.hex())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def forget(self, purpose: bytes) -> None:
        """Drop a salt: the proof has shown it to everybody."""
        self.path_of(purpose).unlink(missing_ok=True)
