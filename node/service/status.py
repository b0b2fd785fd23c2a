"""What a node says about itself, as a message and as figures."""

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final, final

from node.ledger import feed
from node.process.metrics import Metrics
from node.service.backstops import solvency_view
from node.service.feeds import Hub
from proto.sextant.v1 import common_pb2, status_pb2
from prover.l1 import L1Block
from statemachine.codec import pack
from statemachine.identity.signing import recover
from statemachine.state import State

ROLES: Final = {
    "sequencer": status_pb2.ROLE_SEQUENCER,
    "follower": status_pb2.ROLE_FOLLOWER,
    "poster": status_pb2.ROLE_POSTER,
}
STUB: Final = "stub"


def head_of(head: feed.Head) -> common_pb2.Head:
    """Return a head."""
    message = common_pb2.Head(height=head.height, time_ms=head.time)
    if head.log_index >= 0:
        message.log_index = head.log_index
    return message


def l1_head_of(block: L1Block) -> common_pb2.L1Head:
    """Return a block of L1."""
    return common_pb2.L1Head(number=block.number, time_ms=block.time, hash=block.hash)


@final
class StatusView:
    """The node's own view of itself, with what only its server knows.

    Parameters
    ----------
    clock
        Seconds that only grow; for the uptime.
    """

    def __init__(
        self,
        ledger: feed.Ledger,
        hub: Hub,
        *,
        clock: Callable[[], float] = time.monotonic,
        version: str = "",
    ) -> None:
        self.ledger = ledger
        self.hub = hub
        self.clock = clock
        self.version = version
        self.started = clock()
        self.sequencer = b""

    def view(self) -> status_pb2.Status:
        """Return the status as it is now."""
        status = self.ledger.status()
        hub = self.hub
        answer = status_pb2.Status(
            role=ROLES.get(status.role, status_pb2.ROLE_UNSPECIFIED),
            version=self.version,
            chain_id=status.chain_id,
            rollup=status.rollup,
            rules_hash=status.rules_hash,
            sequencer=self.find_sequencer(status),
            time_ms=status.time,
            unsafe_head=head_of(status.unsafe),
            safe_head=head_of(status.safe),
            final_head=head_of(status.final),
            root_head=common_pb2.Head(height=max(0, status.root_height), root=status.root),
            l1_is_stub=status.l1 == STUB,
            ready=status.ready,
            not_ready_because=self.why_not_ready(),
            queue_transactions=status.queued,
            transactions_total=hub.transactions,
            trades_total=sum(hub.trade_counts.values()),
            uptime_ms=int((self.clock() - self.started) * 1000),
            inbox_index=self.ledger.cursor.inbox_index,
            genesis_root=status.genesis_root,
            solvency=solvency_view(State(self.ledger.store, self.ledger.rules), status.time),
        )
        if status.l1_heads is not None:
            answer.l1_latest.CopyFrom(l1_head_of(status.l1_heads.latest))
            answer.l1_safe.CopyFrom(l1_head_of(status.l1_heads.safe))
            answer.l1_final.CopyFrom(l1_head_of(status.l1_heads.final))
        return answer

    def why_not_ready(self) -> str:
        """Return why the node may not be used, or nothing."""
        status = self.ledger.status()
        if status.halted:
            return f"halted: {status.halted}"
        return "" if status.ready else "starting, or waiting for the L1"

    def find_sequencer(self, status: feed.Status) -> bytes:
        """Return the address that signs blocks, once there is a signed block to tell it."""
        if not self.sequencer and status.unsafe.height > 0:
            block = self.ledger.block(status.unsafe.height)
            if block is not None and block.signature:
                message = pack([status.chain_id, block.height, block.cursor_hash])
                self.sequencer = recover(sha256(message).digest(), block.signature)
        return self.sequencer


def update_figures(ledger: feed.Ledger, metrics: Metrics) -> None:
    """Bring the figures that follow from the state up to date."""
    status = ledger.status()
    metrics.block_height.set(status.unsafe.height)
    metrics.queue.set(status.queued)
    metrics.root_lag.set(max(0, status.unsafe.height - status.root_height))
    metrics.batch_lag.set(max(0, status.unsafe.height - status.safe.height))
    metrics.posted_height.set(max(0, status.safe.height))
    metrics.final_height.set(max(0, status.final.height))
    metrics.note_rules(status.rules_version, status.rules_unknown)
    if status.l1_heads is not None:
        metrics.l1_age.set(max(0, status.time - status.l1_heads.latest.time) / 1000)
    state = State(ledger.store, ledger.rules)
    metrics.insurance.set(state.ledger().insurance)
    for number, rules in state.market_rules.items():
        symbol = rules.symbol.decode("ascii", "replace")
        metrics.open_interest.labels(symbol).set(state.market(number).open_interest)
