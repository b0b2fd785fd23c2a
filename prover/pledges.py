"""Signed blocks that people were shown, held to what L1 makes of them.

A sequencer's signature says that this block, at this height, will be in L1's log before
its receipt deadline (:mod:`prover.promises`).  Whoever has kept such blocks lets a
challenger compare them, round for round, with the entries that are final on L1: no
claim is asked, and nobody has to have looked for a fault.  What it finds is for people:
``sextant receipt accuse`` has the bond taken.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, final

from prover.betrayal import SignedBlock, signed_by
from prover.contract.rules import ContractRules
from prover.effects import Outbox
from prover.outputs import Output
from prover.promises import PromiseKind
from prover.replica import Derived
from statemachine.cursor import Cursor

BLOCKS_KEPT_MAX: Final = 100_000
"""Blocks of the log whose ends are remembered, and signed blocks: 32 bytes each, and a key."""


@final
class Pledges:
    """What was signed, what L1 has, and which of it does not agree.

    Parameters
    ----------
    read
        Returns signed blocks that were kept, in any order; at least those that were
        not returned before.
    head
        The output at which derivation starts: older blocks are not compared.
    """

    def __init__(
        self, rules: ContractRules, read: Callable[[], Sequence[SignedBlock]], head: Output
    ) -> None:
        self.rules = rules
        self.read = read
        self.known: set[SignedBlock] = set()
        self.signed: dict[int, dict[bytes, Cursor]] = {}
        self.waiting: set[int] = set()
        """Heights of signed blocks that were not compared with L1 yet."""
        self.ends: dict[int, bytes] = {}
        self.next_entry = head.log_index
        self.height = head.height
        """Of the last block that is in the log and final on L1."""
        self.broken: dict[tuple[PromiseKind, int], str] = {}

    @property
    def held(self) -> int:
        """How many blocks of the exchange's signer are compared with L1."""
        return sum(len(blocks) for blocks in self.signed.values())

    def follow(self, history: Iterable[Derived], until: int) -> None:
        """Take note of the entries below ``until``, which are final on L1."""
        for derived in history:
            index = derived.facts.index
            if index >= until:
                return
            if index < self.next_entry:
                continue
            self.next_entry = index + 1
            for made in derived.blocks:
                cursor = made.result.cursor
                self.ends[cursor.height] = cursor.hash
                self.ends.pop(cursor.height - BLOCKS_KEPT_MAX, None)
            self.height = derived.output.height

    def take(self, outbox: Outbox) -> None:
        """Read what was kept; say so if some of it is too old to be compared."""
        fresh = [block for block in self.read() if block not in self.known]
        self.known.update(fresh)
        old = 0
        for cursor, _ in signed_by(self.rules, fresh):
            self.signed.setdefault(cursor.height, {})[cursor.hash] = cursor
            self.waiting.add(cursor.height)
            old += cursor.height <= self.height and cursor.height not in self.ends
            if len(self.signed) > BLOCKS_KEPT_MAX:
                del self.signed[min(self.signed)]
        if old:
            text = f"{old} signed blocks are older than the state that is kept here"
            outbox.say("info", f"{text}: `sextant receipt accuse` compares those with L1")

    def look(self, final_ms: int | None, outbox: Outbox) -> None:
        """Read what is kept, and say once of each promise that it is broken.

        ``final_ms`` is the time of L1's last final block: what was to be in the log
        before it, and is not, can no longer come in time.  ``None``: not all of the
        log is known, so nothing is held to be missing.
        """
        self.take(outbox)
        for height in sorted(self.waiting):
            blocks = self.signed.get(height, {})
            if height <= self.height or not blocks:
                self.waiting.discard(height)
            for kind, text in self.faults_at(height, blocks, final_ms):
                if (kind, height) not in self.broken:
                    self.broken[kind, height] = text
                    told = f"promise broken: {kind.name}: block {height}: {text}"
                    outbox.say(
                        "alert",
                        f"{told}; `sextant receipt accuse` has the bond taken",
                        promise=kind.name,
                        height=height,
                    )

    def faults_at(
        self, height: int, blocks: dict[bytes, Cursor], final_ms: int | None
    ) -> list[tuple[PromiseKind, str]]:
        """Return what is wrong with the blocks that were signed at a height."""
        found: list[tuple[PromiseKind, str]] = []
        names = [name.hex()[:16] for name in blocks]
        if len(names) > 1:
            text = f"{names[0]}.. is signed, and so is {names[1]}.."
            found.append((PromiseKind.EQUIVOCATION, text))
        end = self.ends.get(height)
        first = min((cursor.time for cursor in blocks.values()), default=0)
        deadline = first + self.rules.rules.receipt_deadline_ms
        if end is not None:
            wrong = [name for name in blocks if name != end]
            if wrong:
                text = f"{wrong[0].hex()[:16]}.. is signed, L1 has {end.hex()[:16]}.."
                found.append((PromiseKind.CONTRADICTED, text))
        elif blocks and height > self.height and final_ms is not None and final_ms > deadline:
            text = f"{names[0]}.. is signed, and was not on L1 by its deadline, {deadline} ms"
            found.append((PromiseKind.WITHHELD, text))
        return found
