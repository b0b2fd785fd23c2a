"""The contract's storage: tables in memory, and what changed in them.

Every record is replaced, never changed in place, through a ``put_`` method
that notes its key.  Whoever hosts the contract writes ``take_changes()`` to
disk once per block and gives the same items back at start: the contract is
nothing but its items.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import final

from prover.contract.records import (
    Account,
    AssetTotals,
    Claim,
    ClaimStatus,
    LogHeader,
    QueuedItem,
    Totals,
    decode_account,
    decode_asset_totals,
    decode_claim,
    decode_log_header,
    decode_queued_item,
    decode_totals,
)
from prover.faults import item_hash
from statemachine.errors import StorageCorrupt, invariant

NO_ACCOUNT = Account()
NO_TOTALS = AssetTotals()


def numbered(table: bytes, number: int) -> bytes:
    """Return the key of a record that is known by its number."""
    return table + number.to_bytes(8, "big")


@final
class ContractState:
    """The tables of ``records``, and what is derived from them.

    ``pending`` lists claims that are neither final nor dead, oldest first;
    ``children`` and ``claim_of`` find claims by parent and by output hash;
    ``item_hashes`` are what a verdict needs of the inbox.
    """

    def __init__(self) -> None:
        self.accounts: dict[bytes, Account] = {}
        self.log: list[LogHeader] = []
        self.inbox: list[QueuedItem] = []
        self.claims: list[Claim] = []
        self.commitments: dict[bytes, int] = {}
        self.paid: set[int] = set()
        self.totals = Totals()
        self.holdings: dict[tuple[int, bytes], int] = {}
        self.asset_totals: dict[int, AssetTotals] = {}
        self.pending: dict[int, None] = {}
        self.children: dict[int, list[int]] = {}
        self.claim_of: dict[bytes, int] = {}
        self.item_hashes: list[bytes] = []
        self._changes: dict[bytes, bytes | None] = {}

    def account_of(self, address: bytes) -> Account:
        """Return what an address holds; nothing, if it was never seen."""
        return self.accounts.get(address, NO_ACCOUNT)

    def put_account(self, address: bytes, account: Account) -> None:
        """Store the balances of an address."""
        invariant(account.eth >= 0 and account.token >= 0, "no balance is negative")
        self.accounts[address] = account
        self._changes[b"A" + address] = account.encode()

    def holding_of(self, asset: int, address: bytes) -> int:
        """Return how many units of an asset an address holds."""
        return self.holdings.get((asset, address), 0)

    def put_holding(self, asset: int, address: bytes, amount: int) -> None:
        """Store how many units of an asset an address holds."""
        invariant(amount >= 0, "no holding is negative")
        self.holdings[asset, address] = amount
        self._changes[b"B" + bytes([asset]) + address] = amount.to_bytes(8, "big")

    def totals_of(self, asset: int) -> AssetTotals:
        """Return the sums of an asset."""
        return self.asset_totals.get(asset, NO_TOTALS)

    def put_asset_totals(self, asset: int, totals: AssetTotals) -> None:
        """Store the sums of an asset."""
        self.asset_totals[asset] = totals
        self._changes[b"S" + bytes([asset])] = totals.encode()

    def put_header(self, header: LogHeader) -> None:
        """Append an entry to the log."""
        invariant(header.index == len(self.log), "the log has no gaps")
        self.log.append(header)
        self._changes[numbered(b"L", header.index)] = header.encode()

    def put_item(self, item: QueuedItem) -> None:
        """Append an item to the inbox."""
        invariant(item.index == len(self.inbox), "the inbox has no gaps")
        self.inbox.append(item)
        self.item_hashes.append(item_hash(item.item.encode()))
        self._changes[numbered(b"I", item.index)] = item.encode()

    def put_claim(self, claim: Claim) -> None:
        """Append a claim, or store the new status of one that exists."""
        invariant(claim.number <= len(self.claims), "claims have no gaps")
        if claim.number == len(self.claims):
            self.claims.append(claim)
            self.claim_of[claim.output.hash] = claim.number
            if claim.number:
                self.children.setdefault(claim.parent, []).append(claim.number)
        else:
            self.claims[claim.number] = claim
        if claim.status is ClaimStatus.PENDING:
            self.pending[claim.number] = None
        else:
            self.pending.pop(claim.number, None)
        self._changes[numbered(b"C", claim.number)] = claim.encode()

    def put_commitment(self, commitment: bytes, block: int) -> None:
        """Store in which block a commitment came."""
        self.commitments[commitment] = block
        self._changes[b"F" + commitment] = block.to_bytes(8, "big")

    def drop_commitment(self, commitment: bytes) -> None:
        """Forget a commitment that was opened."""
        del self.commitments[commitment]
        self._changes[b"F" + commitment] = None

    def put_paid(self, index: int) -> None:
        """Note that a withdrawal was paid."""
        self.paid.add(index)
        self._changes[numbered(b"P", index)] = b""

    def put_totals(self, totals: Totals) -> None:
        """Store the sums."""
        self.totals = totals
        self._changes[b"T"] = totals.encode()

    def take_changes(self) -> dict[bytes, bytes | None]:
        """Return what was stored or dropped since the last call."""
        changes, self._changes = self._changes, {}
        return changes

    def items(self) -> dict[bytes, bytes]:
        """Return every record by its key."""
        return {
            **{b"A" + address: account.encode() for address, account in self.accounts.items()},
            **{numbered(b"L", header.index): header.encode() for header in self.log},
            **{numbered(b"I", item.index): item.encode() for item in self.inbox},
            **{numbered(b"C", claim.number): claim.encode() for claim in self.claims},
            **{b"F" + hash_: n.to_bytes(8, "big") for hash_, n in self.commitments.items()},
            **{numbered(b"P", index): b"" for index in self.paid},
            b"T": self.totals.encode(),
            **{
                b"B" + bytes([asset]) + address: amount.to_bytes(8, "big")
                for (asset, address), amount in self.holdings.items()
            },
            **{b"S" + bytes([asset]): sums.encode() for asset, sums in self.asset_totals.items()},
        }

    def digest(self) -> bytes:
        """Return one hash over all of it, to compare two histories."""
        total = sha256()
        for key, value in sorted(self.items().items()):
            total.update(len(key).to_bytes(2, "big") + key)
            total.update(len(value).to_bytes(4, "big") + value)
        return total.digest()

    def load(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Fill an empty state with records that were written before.

        Raises
        ------
        StorageCorrupt
            A record belongs to no table, or a numbered one is missing.
        FrameInvalid
            A record does not decode.
        """
        for key, value in sorted(items):
            self._load_item(key[:1], key[1:], value)
        self._changes.clear()

    def _load_item(self, table: bytes, name: bytes, value: bytes) -> None:
        numbers = {b"L": len(self.log), b"I": len(self.inbox), b"C": len(self.claims)}
        if table in numbers and int.from_bytes(name, "big") != numbers[table]:
            raise StorageCorrupt(f"L1 record {table!r} {numbers[table]} is missing")
        match table:
            case b"A":
                self.put_account(name, decode_account(value))
            case b"L":
                self.put_header(decode_log_header(value))
            case b"I":
                self.put_item(decode_queued_item(value))
            case b"C":
                self.put_claim(decode_claim(value))
            case b"F":
                self.put_commitment(name, int.from_bytes(value, "big"))
            case b"P":
                self.put_paid(int.from_bytes(name, "big"))
            case b"T":
                self.put_totals(decode_totals(value))
            case b"B":
                self.put_holding(name[0], name[1:], int.from_bytes(value, "big"))
            case b"S":
                self.put_asset_totals(name[0], decode_asset_totals(value))
            case _:
                raise StorageCorrupt(f"L1 record of an unknown table: {table!r}")
