"""The challenger: judge every claim by what L1's data alone makes of it.

A core without clocks, sockets or disks.  It is told what L1 has (heads, inbox
items, entries, claims) and what became of its calls; it answers with effects
for its process to carry out, in order: lines to say, secrets to keep, calls to
send.  It judges nothing that it has not derived itself, and a claim only once
its parent is judged.

    core = Challenger(deployment, genesis_replica(...), monotonic_ns, Defence(...))
    for effect in core.on_entry(entry): ...
"""

from collections.abc import Callable, Sequence
from typing import final

from prover.contract.inbox import ACCUMULATOR_EMPTY, accumulate
from prover.contract.log import LogEntry
from prover.contract.records import QueuedItem, RulesVersion
from prover.contract.rules import ContractRules
from prover.defence import Defence
from prover.docket import Docket
from prover.durations import tell_duration
from prover.effects import Effect, Learnt, Outbox, Settled
from prover.footing import Footing
from prover.l1 import CallReceipt, Heads, PostedClaim
from prover.pledges import Pledges
from prover.replica import Replica
from prover.vigil import Vigil


@final
class Challenger:
    """See the module.

    Parameters
    ----------
    deployment
        The contract's parameters.
    replica
        Where derivation stands: genesis, or the last state that was settled.
    tick
        Returns a monotonic time in ns, for the durations in lines.
    defence
        Acts on what is found; ``None`` for a mere watcher.
    vigil
        Alarms about what no claim shows; by default one without a purse.
    pledges
        Signed blocks to compare with L1, if there are any.
    """

    def __init__(
        self,
        deployment: ContractRules,
        replica: Replica,
        tick: Callable[[], int],
        defence: Defence | None = None,
        vigil: Vigil | None = None,
        pledges: Pledges | None = None,
    ) -> None:
        self.deployment = deployment
        self.replica = replica
        self.tick = tick
        self.defence = defence
        self.vigil = vigil or Vigil(deployment.liveness_ms_max, 0)
        self.pledges = pledges
        self.outbox = Outbox()
        self.footing = Footing(replica.next_index)
        self.items: list[QueuedItem] = []
        self.entries: dict[int, LogEntry] = {}
        self.unreadable: dict[int, bytes] = {}
        self.log_count = 0
        self.unjudged: dict[int, int] = {}
        """Log entries whose version of the rules is not known here, and the version."""
        self.batch_late_ms = 0
        """Age of the oldest block of the newest batch when L1 got it, ms."""
        self.unlinked: QueuedItem | None = None
        self.docket = Docket(deployment, replica, self.footing, self.outbox, tick, defence)

    # What to read next

    @property
    def heads(self) -> Heads | None:
        """L1's tags as of this round."""
        return self.footing.heads

    @property
    def next_item(self) -> int:
        """The inbox index to read from: the first item that L1 may still change."""
        return self.footing.next_item

    @property
    def next_entry(self) -> int:
        """The log index to read from: the first entry that L1 may still change."""
        return self.footing.next_entry

    @property
    def next_claim(self) -> int:
        """The claim to read from: the first whose fate L1 may still change."""
        return self.footing.next_claim(self.docket.claims)

    # What L1 says

    def note_heads(self, heads: Heads) -> None:
        """Take note of L1's tags, before anything else of a round."""
        self.footing.note_heads(heads)
        if self.defence is not None:
            self.defence.gas_price = heads.gas_price

    def on_versions(self, versions: Sequence[RulesVersion]) -> list[Effect]:
        """Take note of the versions of the rules that L1 lists."""
        book = self.replica.book
        before = set(book.versions)
        fresh = book.learn(versions)
        for version in fresh:
            self.tell_version(version)
        if fresh or set(book.versions) != before:
            self.outbox.push(Learnt(book.encode()))
        return self.outbox.take()

    def tell_version(self, version: RulesVersion) -> None:
        """Say that other rules are to come, and whether they can be judged by."""
        number, why = version.number, self.replica.book.why_not(version.number)
        named = f"rules version {number} ({version.rules_hash.hex()[:16]}..)"
        if version.cancelled:
            self.outbox.say("info", f"{named} was taken back", version=number)
            return
        now = version.starts if self.heads is None else self.heads.latest.time
        left = version.starts - now
        when = f"comes in {tell_duration(left)}" if left > 0 else "is in force"
        if not why:
            self.outbox.say("info", f"{named} {when}; it is known here", version=number)
            return
        text = f"{named} {when} and is NOT known here ({why}): upgrade sextant, or nothing after"
        self.outbox.say("alert", f"{text} that can be judged", version=number)

    def on_head(self, heads: Heads) -> list[Effect]:
        """Finish a round: settle what is final, send what has become ripe."""
        self.footing.note_heads(heads)
        if self.pledges is not None:
            self.pledges.follow(self.replica.history, self.footing.next_entry)
            is_whole = self.replica.next_index >= self.log_count
            self.pledges.look(heads.final.time if is_whole else None, self.outbox)
        self.settle()
        if self.entries:
            since = heads.latest.time - self.entries[max(self.entries)].time
            self.vigil.on_silence(since, self.outbox)
        if self.defence is not None:
            self.defence.on_head(heads, self.outbox)
        self.docket.escalate()
        return self.outbox.take()

    def on_balance(self, balance_gwei: int) -> list[Effect]:
        """Take note of what the defender's key holds on L1."""
        self.vigil.on_balance(balance_gwei, self.outbox)
        if self.defence is not None:
            self.defence.purse.held_gwei = balance_gwei
        return self.outbox.take()

    def on_items(self, items: list[QueuedItem]) -> list[Effect]:
        """Take note of inbox items; known ones may have been replaced by a re-org.

        What does not hash to its accumulator, or comes after such an item, is
        not taken: it is asked for again in the next round.
        """
        if items and items[0].index <= len(self.items):
            first = items[0].index
            linked = items[: self.count_linked(items)]
            self.items[first:] = linked
            self.replica.add_inbox(first, [queued.item for queued in linked])
            self.footing.saw_items(linked)
            if len(linked) < len(items):
                self.warn_of(items[len(linked)])
        return self.outbox.take()

    def count_linked(self, items: list[QueuedItem]) -> int:
        """Return how many of these items L1 hashed as they are, on top of those before them."""
        before = items[0].index
        accumulator = self.items[before - 1].accumulator if before else ACCUMULATOR_EMPTY
        for place, queued in enumerate(items):
            accumulator = accumulate(accumulator, queued.item)
            if accumulator != queued.accumulator:
                return place
        return len(items)

    def warn_of(self, queued: QueuedItem) -> None:
        """Say once that an inbox item is not the one that L1 hashed."""
        if self.unlinked != queued:
            self.unlinked = queued
            text = f"inbox item {queued.index}: what L1 serves is not under its accumulator"
            self.outbox.say("warning", f"{text}; asking again")

    def expect(self, entries: Sequence[LogEntry]) -> None:
        """Let signers be recovered ahead of the entries that come next."""
        self.replica.expect(entries)

    def on_entry(self, entry: LogEntry) -> list[Effect]:
        """Derive an entry, unless it is known; take back what it replaces."""
        known = self.entries.get(entry.index)
        if known is not None and self.is_same(known, entry):
            self.entries[entry.index] = entry
            self.footing.saw_entry(entry)
            return self.outbox.take()
        if entry.index > self.replica.next_index:
            return self.outbox.take()
        while self.replica.next_index > entry.index:
            self.revert()
        if not (self.is_readable(entry) and self.covers(entry) and self.is_judgeable(entry)):
            return self.outbox.take()
        started = self.tick()
        derived = self.replica.feed(entry)
        self.batch_late_ms = max(0, entry.time - derived.blocks[0].block.time)
        self.docket.spent_ns[entry.index] = self.tick() - started
        self.entries[entry.index] = entry
        self.footing.saw_entry(entry)
        self.docket.judge_waiting()
        return self.outbox.take()

    def is_readable(self, entry: LogEntry) -> bool:
        """Return whether L1 gives the bytes that it hashed; say so once if it does not."""
        told = self.unreadable.get(entry.index) == entry.data_root
        if entry.is_intact:
            if told:
                self.outbox.say("info", f"entry {entry.index}: L1 serves its bytes again")
            self.unreadable.pop(entry.index, None)
            return True
        if not told:
            self.unreadable[entry.index] = entry.data_root
            text = f"entry {entry.index}: no claim after it can be judged: {entry.tell_missing()}"
            self.outbox.say("alert", text)
        return False

    def is_judgeable(self, entry: LogEntry) -> bool:
        """Return whether we know the rules that execute an entry; say so once if we do not."""
        why = self.replica.book.why_not(entry.version)
        if not why:
            self.unjudged.pop(entry.index, None)
            return True
        if self.unjudged.get(entry.index) != entry.version:
            self.unjudged[entry.index] = entry.version
            text = f"entry {entry.index} is executed by rules version {entry.version}, not known"
            text += f" here ({why}): REFUSING to judge it and all after it; upgrade sextant"
            self.outbox.say("alert", text, version=entry.version)
        return False

    def is_same(self, known: LogEntry, entry: LogEntry) -> bool:
        """Return whether L1 still has the entry that was derived, and its rules."""
        derived = self.replica.derived_at(entry.index)
        rules_hash = self.replica.book.hash_at(entry.version)
        return is_same_entry(known, entry) and (
            derived is None or derived.output.rules_hash == rules_hash
        )

    def covers(self, entry: LogEntry) -> bool:
        """Return whether the inbox as read is the one that L1 had when it took the entry.

        If not, L1 re-organised between two answers: the next round reads both again.
        """
        count = entry.inbox_count
        if count > len(self.items):
            return False
        accumulator = self.items[count - 1].accumulator if count else ACCUMULATOR_EMPTY
        return accumulator == entry.inbox_accumulator

    def on_log_end(self, count: int) -> list[Effect]:
        """Learn how long the log is: a re-org may have cut it."""
        self.log_count = count
        while self.replica.next_index > max(count, self.footing.next_entry):
            self.revert()
        return self.outbox.take()

    def on_claim(self, posted: PostedClaim) -> list[Effect]:
        """Take note of a claim as it stands now, and judge it if that is possible."""
        self.docket.take(posted)
        return self.outbox.take()

    def on_claims_end(self, count: int) -> list[Effect]:
        """Learn how many claims there are: a re-org may have removed some."""
        self.docket.cut(count)
        return self.outbox.take()

    def on_receipt(self, number: int, receipt: CallReceipt | None) -> list[Effect]:
        """Take note of what became of a call about claim ``number``; None: unknown."""
        if self.defence is not None:
            self.defence.on_receipt(number, receipt, self.outbox)
        return self.outbox.take()

    def revert(self) -> None:
        """Take back the last entry, and every judgement that rested on it."""
        index = self.replica.undo().facts.index
        self.entries.pop(index, None)
        self.outbox.say("warning", f"L1 re-organised: log entry {index} is taken back")
        self.docket.withdraw(index)

    def settle(self) -> None:
        """Let go of what is final, unless L1 could still take its data back."""
        while self.replica.history:
            oldest = self.replica.history[0]
            entry = self.entries.get(oldest.facts.index)
            if oldest.output.log_index > self.docket.final_index or entry is None:
                return
            if entry.index >= self.footing.next_entry:
                return
            dropped = self.replica.forget(oldest.output.log_index)
            del self.entries[entry.index]
            self.docket.spent_ns.pop(entry.index, None)
            self.outbox.push(Settled(dropped))


def is_same_entry(known: LogEntry, entry: LogEntry) -> bool:
    """Return whether L1 still has the entry that was derived."""
    return (
        known.data_root,
        known.time,
        known.inbox_count,
        known.inbox_accumulator,
        known.version,
    ) == (
        entry.data_root,
        entry.time,
        entry.inbox_count,
        entry.inbox_accumulator,
        entry.version,
    )
