"""The versions of the exchange's rules, as far as L1 has told and this program knows them.

Whoever derives, sequences or judges has one.  What L1 lists is *learnt*; which of it
this program can work by shows when it is decoded, and only somebody who needs rules
that it cannot halts.  Versions may be replaced by an L1 re-org until they are final,
so a book learns all of them each time.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, final

from prover.contract.records import RulesVersion, as_message, decode_rules_version
from statemachine.codec import as_list, pack, unpack
from statemachine.errors import FrameInvalid, SextantError
from statemachine.rules import Rules, decode_rules

VERSION_FIRST: Final = 1


class RulesUnknown(SextantError):
    """Rules are in force that this program cannot work by: it refuses to act."""


@final
class RulesBook:
    """See the module.

    Parameters
    ----------
    first
        The rules of the deployment, version 1.
    versions
        The others as they were learnt before, by number.
    """

    def __init__(self, first: Rules, versions: Sequence[RulesVersion] = ()) -> None:
        self.first = first
        self.first_hash = first.hash
        self._kept: dict[bytes, bytes] = {}
        self.versions: dict[int, RulesVersion] = {}
        self._decoded: dict[bytes, Rules | str] = {}
        self.learn(versions)

    def learn(self, versions: Sequence[RulesVersion]) -> list[RulesVersion]:
        """Take what L1 lists instead of what was known; return what of it is new or changed."""
        found = {each.number: each for each in versions if each.number != VERSION_FIRST}
        fresh = [each for number, each in found.items() if self.versions.get(number) != each]
        self.versions = found
        self._kept.update({each.rules_hash: each.rules for each in fresh})
        return fresh

    def encode(self) -> bytes:
        """Return what was learnt, for a store."""
        return pack([each.encode() for each in self.versions.values()])

    # What is known

    def why_not(self, number: int) -> str:
        """Say why this program cannot work by a version; nothing if it can."""
        known = self._read(number)
        return known if isinstance(known, str) else ""

    def at(self, number: int) -> Rules:
        """Return the rules of a version, or raise ``RulesUnknown``."""
        known = self._read(number)
        if isinstance(known, str):
            raise RulesUnknown(
                f"rules version {number} is in force, and this program does not know it ({known}): "
                "upgrade sextant and start it again; nothing is lost, it goes on where it stands"
            )
        return known

    def _read(self, number: int) -> Rules | str:
        """Return a version's rules, or why they cannot be had."""
        if number == VERSION_FIRST:
            return self.first
        version = self.versions.get(number)
        if version is None:
            return "L1 did not list it"
        return self._decode(version.rules)

    def _decode(self, data: bytes) -> Rules | str:
        """Return the rules that bytes encode, or why they cannot be had."""
        known = self._decoded.get(data)
        if known is None:
            try:
                known = decode_rules(data)
            except FrameInvalid as error:
                known = str(error)
            self._decoded[data] = known
        return known

    @property
    def first_unknown(self) -> int:
        """The first version, in force or to come, that is not known here; 0 if there is none."""
        come = (n for n, each in self.versions.items() if not each.cancelled and self.why_not(n))
        return min(come, default=0)

    def hash_at(self, number: int) -> bytes:
        """Return the hash of a version's rules, known or not; no bytes if L1 did not list it."""
        if number == VERSION_FIRST:
            return self.first_hash
        version = self.versions.get(number)
        return b"" if version is None else version.rules_hash

    def lists(self, rules_hash: bytes) -> bool:
        """Return whether some version, known here or not, has this hash."""
        return rules_hash == self.first_hash or rules_hash in self._kept

    def named(self, rules_hash: bytes) -> Rules:
        """Return the rules with a hash, taken back since or not, or raise ``RulesUnknown``."""
        if rules_hash == self.first_hash:
            return self.first
        data = self._kept.get(rules_hash)
        known = "L1 did not list them" if data is None else self._decode(data)
        if isinstance(known, str):
            raise RulesUnknown(
                f"the state stands under rules {rules_hash.hex()}, which this program does not "
                f"know ({known}): upgrade sextant, or derive again in another --datadir"
            )
        return known

    # What is in force

    def version_at(self, time: int) -> int:
        """Return the version in force at ``time``, ms."""
        come = (n for n, each in self.versions.items() if not each.cancelled)
        return max((n for n in come if self.versions[n].starts <= time), default=VERSION_FIRST)

    def starts(self, number: int) -> int:
        """Return from when on L1 takes entries of a version, ms."""
        return 0 if number == VERSION_FIRST else self.versions[number].starts

    def coming(self, time: int) -> RulesVersion | None:
        """Return the version that is scheduled for after ``time``, if there is one."""
        for each in self.versions.values():
            if each.starts > time and not each.cancelled:
                return each
        return None


def settled_versions(versions: Sequence[RulesVersion], final: int) -> list[RulesVersion]:
    """Return the versions as L1 blocks up to number ``final`` have them."""
    told = [each for each in versions if each.block <= final]
    return [replace(each, cancelled=0) if each.cancelled > final else each for each in told]


def decode_book(first: Rules, data: bytes) -> RulesBook:
    """Return the book that a store kept; an empty one for no bytes."""
    items = unpack(data) if data else []
    records = as_list(items, len(items) if isinstance(items, list) else 0, "rules book")
    return RulesBook(first, [decode_rules_version(as_message(each, "version")) for each in records])
