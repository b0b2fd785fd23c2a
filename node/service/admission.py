"""The gate before the sequencer: sizes, rates, and what a glance at the bytes shows.

Everything here costs well under a microsecond per transaction, and is checked
before anything is decoded or a signature worker is asked.  What needs the
decoded transaction or the state (expiry, nonce window, who signed) is judged by
the sequencer behind it; so is a duplicate, which gets the original's answer.
"""

from collections.abc import Callable, Sequence
from typing import Final, final

from node.service.allowances import Allowances
from node.service.errors import Refused
from node.settings import AdmissionSettings
from statemachine.actions import SIGNATURE_SIZE, TRANSACTION_BYTES_MAX, Kind
from statemachine.identity.signing import HALF_ORDER

SIGNATURE_HEAD: Final = bytes([0xC4, SIGNATURE_SIZE])
"""How the canonical encoding introduces a signature, the last field of a transaction."""

SIGNATURE_FROM: Final = -SIGNATURE_SIZE
S_FROM: Final = SIGNATURE_FROM + 32
S_UNTIL: Final = S_FROM + 32
HEAD_FROM: Final = SIGNATURE_FROM - len(SIGNATURE_HEAD)
KIND_AT: Final = 2
TRANSACTION_BYTES_MIN: Final = 8


@final
class Admission:
    """Limits per host, and the first look at each transaction.

    Parameters
    ----------
    settings
        Limits in transactions.
    clock
        Seconds that only grow.
    """

    def __init__(self, settings: AdmissionSettings, clock: Callable[[], float]) -> None:
        self.settings = settings
        rate, burst = settings.rate_per_second, settings.burst_transactions
        self.allowances = Allowances(rate, burst, clock)

    def admit(self, host: str, transactions: Sequence[bytes]) -> None:
        """Take a whole request, or raise ``Refused``: it is empty, too large, or too fast."""
        count = len(transactions)
        if not count:
            raise Refused("BATCH_EMPTY", "the batch has no transactions")
        most = self.settings.batch_transactions_max
        if count > most:
            raise Refused(
                "BATCH_TOO_LARGE", f"{count} transactions, at most {most}", most=str(most)
            )
        self.spend(host, count)

    def spend(self, host: str, count: int) -> None:
        """Charge ``count`` transactions to a host, or raise ``Refused``."""
        left = self.allowances.take(host, count)
        if left is not None:
            rate = self.settings.rate_per_second
            raise Refused(
                "RATE_LIMITED",
                f"{count} transactions with an allowance of {left}; it grows by {rate}/s",
                per_second=str(rate),
            )


def inspect(data: bytes) -> Refused | None:
    """Return why these bytes cannot be a transaction worth decoding, if a glance shows it."""
    size = len(data)
    if size > TRANSACTION_BYTES_MAX:
        return Refused(
            "TOO_LARGE",
            f"{size} bytes, at most {TRANSACTION_BYTES_MAX}",
            most=f"{TRANSACTION_BYTES_MAX}",
        )
    if size < TRANSACTION_BYTES_MIN:
        return Refused("MALFORMED", f"{size} bytes are too few for a transaction")
    if (
        data[HEAD_FROM:SIGNATURE_FROM] == SIGNATURE_HEAD
        and data[S_FROM:S_UNTIL] > HALF_ORDER
        and data[KIND_AT] != Kind.ORACLE  # ends with its publishers' signatures, not its own
    ):
        return Refused(
            "SIGNATURE_HIGH_S", "s is above half the curve order: sign with low s (n - s)"
        )
    return None


def inspect_all(transactions: Sequence[bytes]) -> dict[int, Refused]:
    """Return the transactions of a batch that :func:`inspect` refuses, by position."""
    found: dict[int, Refused] = {}
    for position, data in enumerate(transactions):
        if (refused := inspect(data)) is not None:
            found[position] = refused
    return found
