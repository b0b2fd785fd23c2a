"""A file that holds all it takes to check claims without a network.

JSON with hexadecimal bytes: the deployment, every inbox item, every log entry
up to some index, and the claims about them.  ``check_bundle`` derives it all
from genesis, as a challenger would, and compares.

    {"schema": 2, "deployment": "..", "items": [".."],
     "versions": [".."],
     "entries": [{"data": "..", "time": 1, "inbox_count": 1, "version": 1}],
     "claims": [{"number": 1, "output": "..", "trace": [".."]}]}
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, final

from prover.accusation import Fault, find_fault
from prover.contract.records import UINT_LIMIT, RulesVersion, decode_rules_version
from prover.contract.rules import ContractRules, decode_contract_rules
from prover.contract.versions import VERSIONS_MAX
from prover.derivation import EntryRecord
from prover.outputs import Output, decode_output, is_trace_of
from prover.replica import Derived, Replica, genesis_replica
from prover.rulesbook import RulesBook
from statemachine.codec import as_uint
from statemachine.errors import SextantError
from statemachine.inbox import InboxItem, decode_inbox_item
from statemachine.units import TIME_LIMIT

BUNDLE_SCHEMA: Final = 2


class BundleUnreadable(SextantError):
    """A file that is no bundle, or of a schema that is not known here."""


@final
@dataclass(frozen=True, slots=True)
class BundledClaim:
    """A claim: its number on L1, its output, its trace."""

    number: int
    output: Output
    trace: list[bytes]


@final
@dataclass(frozen=True, slots=True)
class Bundle:
    """What the file holds."""

    deployment: ContractRules
    items: list[InboxItem]
    entries: list[EntryRecord]
    claims: list[BundledClaim]
    versions: list[RulesVersion] = field(default_factory=list)

    @property
    def book(self) -> RulesBook:
        """The rules that entries may name."""
        return RulesBook(self.deployment.rules, self.versions)


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one claim; ``judged`` is false if its entry is not in the file."""

    claim: BundledClaim
    judged: bool
    fault: Fault | None
    derived: Derived | None


def encode_bundle(
    deployment: ContractRules,
    items: Iterable[InboxItem],
    entries: Iterable[Any],
    claims: Iterable[BundledClaim],
    versions: Iterable[RulesVersion] = (),
) -> str:
    """Return the text of a bundle; ``entries`` have the fields of ``EntryRecord``."""
    return json.dumps(
        {
            "schema": BUNDLE_SCHEMA,
            "deployment": deployment.encode().hex(),
            "items": [item.encode().hex() for item in items],
            "versions": [version.encode().hex() for version in versions],
            "entries": [
                {
                    "data": e.data.hex(),
                    "time": e.time,
                    "inbox_count": e.inbox_count,
                    "version": e.version,
                }
                for e in entries
            ],
            "claims": [
                {
                    "number": claim.number,
                    "output": claim.output.encode().hex(),
                    "trace": [root.hex() for root in claim.trace],
                }
                for claim in claims
            ],
        }
    )


def decode_bundle(text: str) -> Bundle:
    """Return what a file holds, or raise ``BundleUnreadable``."""
    try:
        held = json.loads(text)
        if held["schema"] != BUNDLE_SCHEMA:
            raise BundleUnreadable(
                f"schema {held['schema']!r} is not known, expected {BUNDLE_SCHEMA}"
            )
        return Bundle(
            deployment=decode_contract_rules(bytes.fromhex(held["deployment"])),
            items=[decode_inbox_item(bytes.fromhex(item)) for item in held["items"]],
            entries=[
                EntryRecord(
                    index,
                    bytes.fromhex(entry["data"]),
                    as_uint(entry["time"], TIME_LIMIT, "time"),
                    as_uint(entry["inbox_count"], UINT_LIMIT, "inbox count"),
                    as_uint(entry["version"], VERSIONS_MAX + 1, "version"),
                )
                for index, entry in enumerate(held["entries"])
            ],
            claims=[
                BundledClaim(
                    as_uint(claim["number"], UINT_LIMIT, "claim number"),
                    decode_output(bytes.fromhex(claim["output"])),
                    [bytes.fromhex(root) for root in claim["trace"]],
                )
                for claim in held["claims"]
            ],
            versions=[decode_rules_version(bytes.fromhex(each)) for each in held["versions"]],
        )
    except (ValueError, KeyError, TypeError, SextantError) as error:
        raise BundleUnreadable(f"not a bundle: {type(error).__name__}: {error}") from error


def check_bundle(bundle: Bundle, on_entry: Callable[[Derived], None]) -> list[Finding]:
    """Derive every entry of a bundle and judge every claim.

    Raises
    ------
    BundleUnreadable
        An entry names inbox items that the file does not hold.
    RulesUnknown
        An entry is executed by rules that this program does not know.
    """
    deployment = bundle.deployment
    if deployment.genesis_time_ms >= TIME_LIMIT:
        raise BundleUnreadable("its deployment begins at a time that no block can have")
    replica: Replica = genesis_replica(
        deployment.rules, deployment.genesis_time_ms, book=bundle.book
    )
    if replica.head != deployment.genesis:
        raise BundleUnreadable("its deployment starts from another genesis state")
    replica.add_inbox(0, bundle.items)
    for entry in bundle.entries:
        if entry.inbox_count > len(bundle.items):
            raise BundleUnreadable(f"entry {entry.index}: inbox items are missing")
        on_entry(replica.feed(entry))
    findings = []
    for claim in bundle.claims:
        derived = replica.derived_at(claim.output.log_index - 1)
        if derived is None or not is_trace_of(claim.output, claim.trace):
            findings.append(Finding(claim, False, None, derived))
        else:
            fault = find_fault(derived, claim.output, claim.trace)
            findings.append(Finding(claim, True, fault, derived))
    return findings
