"""The signed blocks that a client has kept, read again whenever there are more."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sextant.client.receipt_store import ReceiptStore
from statemachine.errors import SextantError

if TYPE_CHECKING:  # heavy: only the commands that compare blocks load it
    from prover.betrayal import SignedBlock


class ReceiptsUnreadable(SextantError):
    """There is no directory of signed blocks where one was named."""


def signed_blocks(directory: Path) -> "Callable[[int], Sequence[SignedBlock]]":
    """Return what reads the blocks kept of an exchange; a file that did not grow is not read.

    Raises
    ------
    ReceiptsUnreadable
        ``directory`` is none.
    """
    from prover.betrayal import SignedBlock

    if not directory.is_dir():
        raise ReceiptsUnreadable(
            f"{directory} is no directory of signed blocks; the command line keeps those it is "
            "shown in $XDG_STATE_HOME/sextant/receipts, see `sextant receipt list`"
        )
    store = ReceiptStore(directory)
    sizes: dict[int, int] = {}

    def read(chain_id: int) -> Sequence[SignedBlock]:
        path = store.path_of(chain_id)
        size = path.stat().st_size if path.exists() else 0
        if size == sizes.get(chain_id, 0):
            return ()
        sizes[chain_id] = size
        return [SignedBlock(block.cursor, block.signature) for block in store.read(chain_id)]

    return read
