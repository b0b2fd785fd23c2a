"""Makes what a node keeps anew: from L1's data and genesis alone, byte for byte.

=========  ===============================================================
role       what comes back
=========  ===============================================================
follower,  everything: state, blocks, receipts, roots, and the steps that a
poster     re-org or a claim may still need
sequencer  state, journal, receipts, roots of all blocks that are on L1,
           signed with its key again; what was acknowledged and is not on
           L1 is lost
=========  ===============================================================

It is made beside its place and moved there whole, once the last final claim on
L1 was found to say the same: who is killed meanwhile begins again.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, final

from node.derivation.derived import DerivedChain
from node.derivation.deriver import Deriver
from node.l1.claimbook import GENESIS_CLAIM, is_settled
from node.l1.view import GENESIS_MARK, LogMark
from node.ledger.blocks import BlockSigner, ExecutedBlock
from node.sequencing.chain import ChainStore
from node.sequencing.forks import EMPTY_FRAME
from node.sequencing.sequencer import Sequencer
from node.storage.journal import BlockInput, pack_segments
from prover.contract.log import LogEntry
from prover.contract.records import ClaimStatus
from prover.contract.rules import ContractRules
from prover.derivation import derive_block, facts_of
from prover.entry import parse_entry
from prover.l1 import L1, Heads, L1Unreachable, still_has
from prover.outputs import Output
from prover.replica import Derived
from prover.rulesbook import RulesBook
from statemachine.errors import SextantError
from statemachine.identity.signing import Domain, recover_signers
from statemachine.inbox import InboxItem
from statemachine.merkle.tree import Tree
from statemachine.transition import apply_block

Tell = Callable[[str], None]
TELL_ENTRIES: Final = 1_000
"""How many log entries there are between two lines about progress."""


class RebuildRefused(SextantError):
    """What is asked for cannot be made from what L1 has, or would overwrite something."""


@final
@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Where a rebuilt chain stands; ``claim`` is the final claim that says the same."""

    log_index: int
    height: int
    root: bytes
    claim: int


async def rebuild(
    directory: Path, role: str, l1: L1, key: bytes, tell: Tell, until: int | None = None
) -> Rebuilt:
    """Make ``DIRECTORY/ROLE/chain``; ``key`` signs the blocks of a sequencer.

    With ``until`` from the log's first entries alone, so many: what was there then.

    Raises
    ------
    RebuildRefused
        There is one already, L1 lacks data, or its final claim says otherwise; the log
        is shorter than ``until``, or a sequencer was to stand before the log's end.
    L1Unreachable
        L1 does not answer, or re-organised meanwhile: the same may succeed later.
    """
    place, part = directory / role / "chain", directory / role / "chain.part"
    if place.exists():
        raise RebuildRefused(f"{place} is there already; move it away, or name another --datadir")
    if until is not None and role == "sequencer":
        raise RebuildRefused(
            "a sequencer stands at the log's end: before it, it would sign other blocks at heights "
            "that are taken; --until is for a follower or a poster"
        )
    shutil.rmtree(part, ignore_errors=True)
    deployment, heads = await l1.deployment(), await l1.head()
    if role == "sequencer":
        height, roots = await sequence_again(part, deployment, l1, heads, key, tell)
    else:
        height, roots = await derive_again(part, deployment, l1, tell, until)
    if until is not None and max(roots) < until:
        raise RebuildRefused(f"L1's log has {max(roots)} entries, not {until}")
    number, claimed = await find_final(l1, heads, deployment, max(roots))
    if roots.get(claimed.log_index) != claimed.post_root:
        raise RebuildRefused(
            f"log entry {claimed.log_index - 1}: root {roots.get(claimed.log_index, b'').hex()}, "
            f"L1's final claim says {claimed.post_root.hex()}"
        )
    part.rename(place)
    last = max(roots)
    return Rebuilt(last, height, roots[last], number)


async def find_final(
    l1: L1, heads: Heads, deployment: ContractRules, until: int
) -> tuple[int, Output]:
    """Return the last claim about the first ``until`` entries that is final for good."""
    found, output = GENESIS_CLAIM, deployment.genesis
    number = GENESIS_CLAIM + 1
    while page := await l1.claims(number):
        for posted in page:
            claim = posted.claim
            is_newer = output.log_index < claim.output.log_index <= until
            is_final = claim.status is ClaimStatus.FINAL
            if is_newer and is_final and is_settled(claim, heads, deployment.window_ms):
                found, output = claim.number, claim.output
        number = page[-1].claim.number + 1
    return found, output


async def derive_again(
    path: Path, deployment: ContractRules, l1: L1, tell: Tell, until: int | None = None
) -> tuple[int, dict[int, bytes]]:
    """Derive L1's log; return the height reached, and the root after each entry."""
    chain = DerivedChain(path, "rebuild", deployment)
    roots = {0: deployment.genesis.post_root}

    def put(derived: Derived, _blocks: Sequence[ExecutedBlock]) -> None:
        output = derived.output
        roots[output.log_index] = output.post_root
        say_progress(output.log_index, output.height, tell)

    def retract() -> None:
        del roots[max(roots)]

    deriver = Deriver(l1, chain, put, retract, until)
    try:
        if not await deriver.refresh():
            raise L1Unreachable("L1 did not answer, or re-organised; run it again")
        deriver.settle()
        return chain.head.height, roots
    finally:
        chain.close()


def say_progress(log_index: int, height: int, tell: Tell) -> None:
    """Say now and then how far it has come."""
    if log_index % TELL_ENTRIES == 0:
        tell(f"log entry {log_index}, block {height}")


async def sequence_again(
    path: Path, deployment: ContractRules, l1: L1, heads: Heads, key: bytes, tell: Tell
) -> tuple[int, dict[int, bytes]]:
    """Execute L1's log as a sequencer's journal; return as :func:`derive_again`."""
    disk = ChainStore(path, "rebuild", deployment)
    try:
        book = RulesBook(deployment.rules, await l1.versions())
        disk.keep_book(book.encode())
        journal = Resequencing(disk, deployment, key, book)
        roots, mark = {0: deployment.genesis.post_root}, GENESIS_MARK
        inbox: list[InboxItem] = []
        while entries := await l1.log_entries(max(roots)):
            while len(inbox) < entries[-1].inbox_count:
                page = await l1.inbox_items(len(inbox))
                if not page:
                    break
                inbox.extend(queued.item for queued in page)
            for entry in entries:
                journal.take(entry, inbox)
                roots[entry.index + 1] = journal.tree.root
                height = journal.core.cursor.height
                say_progress(entry.index + 1, height, tell)
                if entry.block <= heads.final.number:
                    mark = LogMark(entry.index + 1, height)
        if not await still_has(l1, heads.latest):
            raise L1Unreachable("L1 re-organised while it was read; run it again")
        disk.settle(mark, mark.height, 0)
        return journal.core.cursor.height, roots
    finally:
        disk.close()


@final
class Resequencing:
    """A sequencer's core and disk, fed with what it once posted."""

    def __init__(
        self, disk: ChainStore, deployment: ContractRules, key: bytes, book: RulesBook
    ) -> None:
        self.disk = disk
        rules = deployment.rules
        memory = disk.state.memory
        signer = BlockSigner(key, rules.chain_id)
        self.core = Sequencer(rules, memory, signer, disk.find, book=book)
        self.tree = Tree.from_items(sorted(memory.values.items()))
        self.disk.write_roots(0, [self.tree.root])
        self.recover = partial(recover_signers, Domain(rules.chain_id, rules.rollup))

    def take(self, entry: LogEntry, inbox: list[InboxItem]) -> None:
        """Execute the blocks of one entry, and write them down as if just made."""
        if not entry.is_intact:
            raise RebuildRefused(f"log entry {entry.index}: L1 does not have its bytes any more")
        if entry.inbox_count > len(inbox):
            raise L1Unreachable("L1 re-organised while it was read; run it again")
        core = self.core
        core.enter(entry.version)
        for data in parse_entry(entry.data):
            cursor, facts = core.cursor, facts_of(entry)
            known = inbox[cursor.inbox_index : entry.inbox_count]
            block = derive_block(core.rules, cursor, data, facts, known, self.recover)
            height = cursor.height + 1
            result = apply_block(core.store, core.rules, block, core.known)
            consumed = known[: result.cursor.inbox_index - block.inbox_from]
            frame = EMPTY_FRAME if block.frame is None else data
            signers = tuple(block.signers)
            source = BlockInput(
                height, block.time, frame, signers, block.inbox_from, tuple(consumed)
            )
            execution = core.advance(source, result, ())
            self.disk.journal.append(source)
            self.disk.write(execution, pack_segments(execution.segments))
            roots = [self.tree.update(writes) for writes in execution.segments]
            self.disk.write_roots(height, roots)
