"""The versions of the exchange's rules, as L1 lists them: what is in force, what comes, when.

Whoever dislikes what comes has until ``last_exit_ms``: a forced withdrawal that is
queued on L1 by then is paid by the rules as they are, whatever the sequencer does.
"""

from dataclasses import dataclass

from proto.sextant.v1 import l1_pb2
from prover.changes import Change, list_changes
from prover.contract.records import RulesVersion
from prover.contract.rules import ContractRules, decode_contract_rules
from prover.outputs import decode_output
from prover.rulesbook import RulesBook, RulesUnknown
from sextant.client.l1 import L1Client
from sextant.errors import ProofInvalid
from statemachine.errors import FrameInvalid
from statemachine.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """Rules that are announced.

    ``changes`` are empty if this program does not know such rules, and
    ``unknown`` says why; times in ms of L1's clock.
    """

    number: int
    rules_hash: bytes
    starts_ms: int
    last_exit_ms: int
    cancel_until_ms: int
    changes: tuple[Change, ...]
    unknown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrades:
    """What L1 says of versions.

    ``hashes`` are those of all versions that ever were in force, by number.
    """

    governor: bytes
    in_force: int
    hashes: dict[int, bytes]
    coming: Upgrade | None
    notice_ms: int
    exit_ms: int
    clock_ms: int

    @property
    def outgoing(self) -> int:
        """The version before the one in force; 0 if there was none."""
        return max((number for number in self.hashes if number < self.in_force), default=0)


async def read_upgrades(l1: L1Client) -> Upgrades:
    """Return what is in force, and what comes.

    Raises
    ------
    ProofInvalid
        ``DEPLOYMENT``: L1's contract is of another version.
    """
    contract = await read_contract(l1)
    page, now = await l1.rules_page(), await l1.clock_ms()
    book = book_of(contract, page)
    versions = versions_of(page)
    started = {
        each.number: each.rules_hash
        for each in versions
        if not each.cancelled and each.starts <= now
    }
    coming = book.coming(now)
    return Upgrades(
        governor=contract.governor,
        in_force=page.in_force,
        hashes=started,
        coming=None if coming is None else upgrade_of(contract, book, page, coming),
        notice_ms=page.notice_ms,
        exit_ms=contract.exit_ms,
        clock_ms=now,
    )


async def read_contract(l1: L1Client) -> ContractRules:
    """Return what L1's contract was deployed with, or raise ``ProofInvalid``: ``DEPLOYMENT``."""
    try:
        return decode_contract_rules((await l1.deployment()).encoded)
    except (FrameInvalid, ValueError) as error:
        raise ProofInvalid(
            "DEPLOYMENT", f"L1's contract is of another version: {error}", advice="upgrade sextant"
        ) from error


def versions_of(page: l1_pb2.L1RulesPage) -> list[RulesVersion]:
    """Return the versions that L1 lists."""
    return [
        RulesVersion(each.number, each.starts_ms, each.rules, each.block, each.cancelled_block)
        for each in page.versions
    ]


def book_of(contract: ContractRules, page: l1_pb2.L1RulesPage) -> RulesBook:
    """Return the rules that outputs on this L1 may name."""
    return RulesBook(contract.rules, versions_of(page))


def upgrade_of(
    contract: ContractRules, book: RulesBook, page: l1_pb2.L1RulesPage, coming: RulesVersion
) -> Upgrade:
    """Return what is to be known about rules that come."""
    unknown = book.why_not(coming.number) or book.why_not(page.in_force)
    changes = [] if unknown else list_changes(book.at(page.in_force), book.at(coming.number))
    return Upgrade(
        number=coming.number,
        rules_hash=coming.rules_hash,
        starts_ms=coming.starts,
        last_exit_ms=coming.starts - contract.exit_ms,
        cancel_until_ms=page.cancel_until_ms,
        changes=tuple(changes),
        unknown=unknown,
    )


async def read_rules(l1: L1Client, rules_hash: bytes) -> Rules:
    """Return the rules that an output on this L1 names.

    Raises
    ------
    ProofInvalid
        ``RULES``: this program does not know them.
    """
    contract = await read_contract(l1)
    try:
        return book_of(contract, await l1.rules_page()).named(rules_hash)
    except RulesUnknown as error:
        raise ProofInvalid("RULES", str(error), advice="upgrade sextant") from error


async def rules_of_claim(l1: L1Client, number: int) -> Rules:
    """Return the rules that executed a claim's entry; raises as :func:`read_rules`."""
    message = await l1.claim(number)
    return await read_rules(l1, decode_output(message.output).rules_hash if message else b"")
