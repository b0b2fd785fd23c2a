"""The contract's storage: its tables, and what changed in them.

Whoever hosts the contract writes ``take_changes()`` to disk once per block and
gives the same items back at start: the contract is nothing but its items.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import final

from prover.contract.records import (
    Account,
    AssetTotals,
    Attester,
    Books,
    Claim,
    ClaimStatus,
    Freeze,
    LogHeader,
    QueuedItem,
    RulesVersion,
    SequencerBond,
    Stakes,
    Totals,
    decode_account,
    decode_asset_totals,
    decode_attestation,
    decode_attester,
    decode_books,
    decode_claim,
    decode_commitment,
    decode_exit_bucket,
    decode_freeze,
    decode_log_header,
    decode_owed,
    decode_pot,
    decode_queued_item,
    decode_rules_version,
    decode_sale,
    decode_sequencer_bond,
    decode_stakes,
    decode_totals,
)
from prover.contract.tables import (
    BYTE,
    BYTE_AND_BYTES,
    BYTES,
    NOTHING,
    NUMBER,
    Series,
    Single,
    Table,
    Tables,
    form_of,
)
from prover.faults import item_hash
from statemachine.errors import invariant
from statemachine.rules import Rules

NO_ACCOUNT = Account()
NO_TOTALS = AssetTotals()


@final
class ContractState:
    """The tables of ``records``, and what is derived from them.

    ``pending`` lists claims that are neither final nor dead, oldest first, and
    ``newest_final`` is the final one with the longest log; ``final_at`` finds final
    ones by log index, ``attester_of`` attesters by key;
    ``children`` and ``claim_of`` find claims by parent and by output hash, and
    ``heirs`` the one child that is final;
    ``item_hashes`` are what a verdict needs of the inbox, ``decoded`` the rules of
    versions by their bytes, as far as anybody asked.
    """

    def __init__(self) -> None:
        self.tables = tables = Tables()
        self.accounts = Table(tables, b"A", BYTES, form_of(decode_account), check_account)
        self.holdings = Table(tables, b"B", BYTE_AND_BYTES, NUMBER, check_holding)
        self.claims = Series(tables, b"C", form_of(decode_claim), self._note_claim)
        self.refunded = Table(tables, b"D", NUMBER, NOTHING)
        self.pots = Table(tables, b"E", BYTE, form_of(decode_pot))
        self.commitments = Table(tables, b"F", BYTES, form_of(decode_commitment))
        self.bond: Single[SequencerBond | None] = Single(
            tables, b"G", form_of(decode_sequencer_bond), None
        )
        self.inbox = Series(tables, b"I", form_of(decode_queued_item), self._note_item)
        self.log = Series(tables, b"L", form_of(decode_log_header), self._note_header)
        self.attesters = Series(tables, b"J", form_of(decode_attester), self._note_attester)
        self.attestations = Table(tables, b"K", BYTES, form_of(decode_attestation))
        self.ahead = Table(tables, b"M", BYTES, NUMBER)
        self.books: Single[Books | None] = Single(tables, b"N", form_of(decode_books), None)
        self.stakes = Single(tables, b"O", form_of(decode_stakes), Stakes())
        self.paid = Table(tables, b"P", NUMBER, NOTHING)
        self.versions = Series(tables, b"R", form_of(decode_rules_version), self._note_version)
        self.asset_totals = Table(tables, b"S", BYTE, form_of(decode_asset_totals))
        self.sums = Single(tables, b"T", form_of(decode_totals), Totals())
        self.deposited = Table(tables, b"U", BYTE, NUMBER)
        self.owed = Table(tables, b"V", BYTES, form_of(decode_owed))
        self.sales = Table(tables, b"W", BYTES, form_of(decode_sale))
        self.exits = Table(tables, b"X", BYTE, form_of(decode_exit_bucket))
        self.registered = Table(tables, b"Y", BYTES, NOTHING)
        self.frozen: Single[Freeze | None] = Single(tables, b"Z", form_of(decode_freeze), None)
        self.newest_final = 0
        self.final_at: dict[int, int] = {}
        self.attester_of: dict[bytes, int] = {}
        self.pending: dict[int, None] = {}
        self.children: dict[int, list[int]] = {}
        self.heirs: dict[int, int] = {}
        self.claim_of: dict[bytes, int] = {}
        self.item_hashes: list[bytes] = []
        self.decoded: dict[bytes, Rules] = {}

    @property
    def totals(self) -> Totals:
        """The sums that balances must agree with."""
        return self.sums.record

    def account_of(self, address: bytes) -> Account:
        """Return what an address holds; nothing, if it was never seen."""
        return self.accounts.get(address, NO_ACCOUNT)

    def holding_of(self, asset: int, address: bytes) -> int:
        """Return how many units of an asset an address holds."""
        return self.holdings.get((asset, address), 0)

    def totals_of(self, asset: int) -> AssetTotals:
        """Return the sums of an asset."""
        return self.asset_totals.get(asset, NO_TOTALS)

    def take_changes(self) -> dict[bytes, bytes | None]:
        """Return what was stored or dropped since the last call."""
        return self.tables.take_changes()

    def items(self) -> dict[bytes, bytes]:
        """Return every record by its key."""
        return self.tables.items()

    def load(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Fill an empty state with records that were written before; see ``Tables.load``."""
        self.tables.load(items)

    def digest(self) -> bytes:
        """Return one hash over all of it, to compare two histories."""
        total = sha256()
        for key, value in sorted(self.items().items()):
            total.update(len(key).to_bytes(2, "big") + key)
            total.update(len(value).to_bytes(4, "big") + value)
        return total.digest()

    def _note_header(self, number: int, header: LogHeader) -> None:
        invariant(header.index == number == len(self.log), "the log has no gaps")

    def _note_item(self, number: int, item: QueuedItem) -> None:
        invariant(item.index == number == len(self.inbox), "the inbox has no gaps")
        self.item_hashes.append(item_hash(item.item.encode()))

    def _note_version(self, number: int, version: RulesVersion) -> None:
        invariant(version.number == number + 2, "versions have no gaps")

    def _note_attester(self, number: int, attester: Attester) -> None:
        self.attester_of[attester.key] = number

    def _note_claim(self, number: int, claim: Claim) -> None:
        invariant(claim.number == number, "claims have no gaps")
        if number == len(self.claims):
            self.claim_of[claim.output.hash] = number
            if number:
                self.children.setdefault(claim.parent, []).append(number)
        if claim.status is ClaimStatus.PENDING:
            self.pending[number] = None
        else:
            self.pending.pop(number, None)
        if claim.status is ClaimStatus.FINAL:
            self.newest_final = max(self.newest_final, number)
            self.final_at[claim.output.log_index] = number
            if number:
                self.heirs[claim.parent] = number


def check_account(address: bytes, account: Account) -> None:
    """Stop if a balance is negative."""
    del address
    invariant(account.eth >= 0 and account.token >= 0, "no balance is negative")


def check_holding(name: tuple[int, bytes], amount: int) -> None:
    """Stop if a holding is negative."""
    del name
    invariant(amount >= 0, "no holding is negative")
