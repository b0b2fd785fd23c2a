"""The signed blocks that a client was shown, kept for the day one of them is denied.

One JSON object a line, in a file per exchange under the user's state directory::

    {"schema": 1, "height": 7, "time_ms": 1, "cursor": "0x..", "signature": "0x..",
     "transactions": ["0x.."]}

``cursor`` and ``signature`` are all that a proof takes: ``sextant receipt accuse``
compares them with each other and with what is final on L1.
"""

import errno
import json
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sextant.client.receipts import Header, Sequenced

SCHEMA: Final = 1
OnFailure = Callable[[OSError], None]


def warn_of_failure(error: OSError) -> None:
    """Warn that a signed block could not be kept."""
    warnings.warn(f"a signed block is not kept: {error}", RuntimeWarning, stacklevel=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBlock:
    """A signed block, and those of the client's transactions that it acknowledges."""

    height: int
    time_ms: int
    cursor: bytes
    signature: bytes
    transactions: tuple[bytes, ...] = ()


def state_directory(name: str = "receipts") -> Path:
    """Return where signed blocks, or other things, are kept: ``$XDG_STATE_HOME/sextant/NAME``."""
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "sextant" / name


def append_line(path: Path, line: bytes) -> None:
    """Append a line, on one of its own even if the last one was torn by a crash.

    Raises
    ------
    OSError
        It is not, or not all, in the file.
    """
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        whole = b"\n" + line if torn else line
        written = os.write(file, whole)  # one write: other processes append to the same file
        if written < len(whole):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(file)


class ReceiptStore:
    """Files of signed blocks, one for each exchange; appended to, never changed."""

    def __init__(
        self, directory: Path | None = None, *, on_failure: OnFailure = warn_of_failure
    ) -> None:
        """Keep them in ``directory``; the user's state directory if that is ``None``.

        ``on_failure`` is told of a block that could not be written down.
        """
        self.directory = state_directory() if directory is None else directory
        self.on_failure = on_failure
        self._last: dict[int, bytes] = {}

    def path_of(self, chain_id: int) -> Path:
        """Return the file of an exchange."""
        return self.directory / f"{chain_id}.jsonl"

    def keep(self, sequenced: Sequenced) -> None:
        """Keep the block that acknowledges a transaction; the same block twice in a row once.

        A disk that is full is no reason to call a transaction failed that was not.
        """
        header = sequenced.header
        line = line_of(header, (sequenced.transaction_hash,))
        if not header.signature or self._last.get(header.chain_id) == line:
            return
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            append_line(self.path_of(header.chain_id), line)
        except OSError as error:
            self.on_failure(error)
        else:
            self._last[header.chain_id] = line

    def read(self, chain_id: int) -> Iterator[KeptBlock]:
        """Yield the blocks kept of an exchange, oldest first; lines that are torn are skipped."""
        try:
            lines = self.path_of(chain_id).read_bytes().splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            block = block_from(line)
            if block is not None:
                yield block

    def chains(self) -> list[int]:
        """Return the exchanges of which anything is kept."""
        names = [path.stem for path in sorted(self.directory.glob("*.jsonl"))]
        return [int(name) for name in names if name.isdecimal()]


def line_of(header: Header, transactions: tuple[bytes, ...]) -> bytes:
    """Return the line that keeps a block."""
    body = {
        "schema": SCHEMA,
        "height": header.height,
        "time_ms": header.time_ms,
        "cursor": f"0x{header.cursor.hex()}",
        "signature": f"0x{header.signature.hex()}",
        "transactions": [f"0x{each.hex()}" for each in transactions],
    }
    return json.dumps(body).encode() + b"\n"


def block_from(line: bytes) -> KeptBlock | None:
    """Return the block that a line keeps; ``None`` if it is none of a known schema."""
    try:
        body = json.loads(line)
        if body["schema"] != SCHEMA:
            return None
        return KeptBlock(
            height=int(body["height"]),
            time_ms=int(body["time_ms"]),
            cursor=bytes_of(body["cursor"]),
            signature=bytes_of(body["signature"]),
            transactions=tuple(bytes_of(each) for each in body["transactions"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def bytes_of(text: str) -> bytes:
    """Return the bytes of ``0x`` hex."""
    return bytes.fromhex(text.removeprefix("0x"))
