"""The exchange's own balances and counters."""

from struct import Struct
from typing import Final, final

from statemachine import keys
from statemachine.records.base import RECORD_VERSION, Record, money, need, unmoney

LEDGER_LAYOUT: Final = Struct(">B12s12s12s12s12s12s12sIQQQQ")


@final
class Ledger(Record):
    """The exchange's own balances and counters; micros unless said otherwise.

    ``settled`` sums the balances of all portfolios, ``deficits`` the deficits
    of all markets: what a shortfall is shared by, and how large it is.
    """

    __slots__ = (
        "deficits",
        "deposits",
        "dust",
        "fees",
        "insurance",
        "next_account",
        "next_due",
        "next_sequence",
        "next_withdrawal",
        "settled",
        "sleepers",
        "withdrawals",
    )

    def __init__(self, stored: bool) -> None:
        """Start empty; accounts and orders count from 1."""
        super().__init__(keys.LEDGER_KEY, stored)
        self.insurance = 0
        self.fees = 0
        self.dust = 0
        self.deposits = 0
        self.withdrawals = 0
        self.settled = 0
        self.deficits = 0
        self.next_account = 1
        self.next_sequence = 1
        self.next_due = 1
        self.next_withdrawal = 0
        self.sleepers = 0

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return LEDGER_LAYOUT.pack(
            RECORD_VERSION,
            money(self.insurance),
            money(self.fees),
            money(self.dust),
            money(self.deposits),
            money(self.withdrawals),
            money(self.settled),
            money(self.deficits),
            self.next_account,
            self.next_sequence,
            self.next_due,
            self.next_withdrawal,
            self.sleepers,
        )


def decode_ledger(data: bytes) -> Ledger:
    """Return the ledger that ``data`` encodes."""
    need(data, LEDGER_LAYOUT.size, "ledger")
    ledger = Ledger(stored=True)
    values = LEDGER_LAYOUT.unpack(data)
    ledger.insurance = unmoney(values[1])
    ledger.fees = unmoney(values[2])
    ledger.dust = unmoney(values[3])
    ledger.deposits = unmoney(values[4])
    ledger.withdrawals = unmoney(values[5])
    ledger.settled = unmoney(values[6])
    ledger.deficits = unmoney(values[7])
    ledger.next_account = values[8]
    ledger.next_sequence = values[9]
    ledger.next_due = values[10]
    ledger.next_withdrawal = values[11]
    ledger.sleepers = values[12]
    return ledger
