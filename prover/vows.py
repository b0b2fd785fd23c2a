"""What an attester has vouched for, on disk before anybody hears of it.

Of two outputs about one log entry one is wrong, and whoever signed it loses his stake.
So the output of an entry that is once signed is the only one that ever will be, by this
key and whatever happens in between: a crash, a re-org, a bug that derives it otherwise.

====  ==================================  ========================================
key   rest of the key                     value
====  ==================================  ========================================
v     key of the attester 8, log index    hash of the output, and the L1 block that
      8                                   answered: number, hash, time; none yet: 0
====  ==================================  ========================================
"""

from hashlib import sha256
from typing import Final, final

from prover.keeper import Disk
from prover.l1 import L1Block
from statemachine.codec import as_bytes, as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid, StorageCorrupt

VOW: Final = b"v"
U63: Final = 1 << 63
HASH_BYTES: Final = 32


@final
class Vows:
    """The vows of one attester.

    Parameters
    ----------
    disk
        Where they are kept; ``None``: nowhere, they end with the process.
    key
        His BLS key, as L1 has it: another one's vows are his own.
    """

    def __init__(self, disk: Disk | None, key: bytes = b"") -> None:
        """Read what was vouched for; raises ``StorageCorrupt`` for what cannot be read."""
        self.disk = disk
        self.prefix = VOW + sha256(key).digest()[:8]
        self.outputs: dict[int, bytes] = {}
        self.answers: dict[bytes, L1Block] = {}
        """L1 blocks that took them, by hash of the output."""
        if disk is not None:
            for name, value in disk.scan(self.prefix, self.prefix + b"\xff" * 9):
                self._load(int.from_bytes(name[len(self.prefix) :], "big"), value)

    def _load(self, log_index: int, value: bytes) -> None:
        try:
            output, number, block, time = as_list(unpack(value), 4, "vow")
            output_hash = as_bytes(output, HASH_BYTES, "output")
            self.outputs[log_index] = output_hash
            if block != b"":
                found = L1Block(
                    as_uint(number, U63, "number"),
                    as_bytes(block, HASH_BYTES, "block"),
                    as_uint(time, U63, "time"),
                )
                self.answers[output_hash] = found
        except FrameInvalid as error:
            raise StorageCorrupt(f"the vow about log entry {log_index}: {error}") from error

    def take(self, log_index: int, output_hash: bytes) -> bool:
        """Vow for an output; ``False``, and nothing is written, if another one has the vow.

        It is on disk when this returns.
        """
        known = self.outputs.setdefault(log_index, output_hash)
        if known != output_hash:
            return False
        if output_hash not in self.answers:
            self._write(log_index, None)
        return True

    def note(self, log_index: int, block: L1Block) -> None:
        """Take note of the L1 block that took a vow."""
        self.answers[self.outputs[log_index]] = block
        self._write(log_index, block)

    def forget(self, output_hash: bytes) -> None:
        """Take note that L1 has taken a vow back; it stays one."""
        self.answers.pop(output_hash, None)
        for log_index in [n for n, known in self.outputs.items() if known == output_hash]:
            self._write(log_index, None)

    def _write(self, log_index: int, block: L1Block | None) -> None:
        if self.disk is None:
            return
        told = [0, b"", 0] if block is None else [block.number, block.hash, block.time]
        key = self.prefix + log_index.to_bytes(8, "big")
        self.disk.put(key, pack([self.outputs[log_index], *told]), sync=True)
