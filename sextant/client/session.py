"""The ground the client stands on: identity, time, signing and submission.

A session learns once who the node is (chain id, rollup, sequencer), keeps
the node's time, signs, and submits.  What is safe to repeat is repeated
here: the same signed bytes when no answer came, and *newly* signed ones
when the node refused the nonce or the expiry before sequencing.
"""

from asyncio import CancelledError
from collections.abc import Sequence
from hashlib import sha256
from time import monotonic_ns
from typing import Final, Self

from proto.sextant.v1 import query_pb2, sequencer_pb2, status_pb2
from prover.contract.fees import FeePolicy
from sextant.client.chain_wire import sequenced_from, sequenced_of, status_of
from sextant.client.clock import NodeClock
from sextant.client.closing import Closing
from sextant.client.connection import (
    DEFAULT_FOLLOWER,
    DEFAULT_TARGET,
    TIMEOUT_S,
    Connection,
)
from sextant.client.environment import FOLLOWER, L1, NODE
from sextant.client.l1_sender import POLICY, OnRaised
from sextant.client.models import NodeStatus
from sextant.client.nonces import NonceSource
from sextant.client.receipt_store import ReceiptStore
from sextant.client.receipts import Receipt, Sequenced, verify_sequenced
from sextant.client.refusals import rejection_of
from sextant.client.secret import Secret
from sextant.client.wire import Markets, market_of
from sextant.errors import (
    BadRequest,
    ClientError,
    KeyUnreadable,
    OutcomeUnknown,
    Refused,
)
from statemachine.actions import Action, Transaction
from statemachine.errors import Code
from statemachine.identity.signing import Domain, address_of, sign_action

EXPIRY_MS: Final = 60_000
SIGN_ATTEMPTS_MAX: Final = 3
RESIGNED: Final = frozenset({"NONCE_OLD", "NONCE_AHEAD", "NONCE_USED", "EXPIRED"})
"""Refusals before sequencing that only a newly signed transaction can cure."""


class Session(Closing):
    """A connection, a key, and what is known of the node.

    Parameters
    ----------
    target
        ``host:port`` of the node.
    key
        Signs; without it the session only reads.
    sub
        Sub-account that orders and money go to unless they say otherwise.
    timeout
        Seconds that one call may take.
    verify
        Whether receipts are checked against the sequencer's signature.
    sequencer
        Address that must have signed blocks; without it the one that the
        node names first is pinned for the life of the session.
    l1
        ``host:port`` of the L1, for deposits and claims.
    l1_policy
        How calls to the L1 bid: a bound on the price of gas, a tip.
    l1_raised
        Is told of each call whose bid was raised: its kind, the bid, L1's base fee.
    follower
        ``host:port`` of a follower, which is asked for proofs of older
        states that the node does not keep.
    receipts
        Where the signed blocks that acknowledge transactions are kept; ``None``:
        nowhere.
    """

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        key: Secret | None = None,
        sub: int = 0,
        timeout: float = TIMEOUT_S,
        verify: bool = True,
        sequencer: bytes | None = None,
        l1: str | None = None,
        l1_policy: FeePolicy = POLICY,
        l1_raised: OnRaised | None = None,
        follower: str | None = None,
        receipts: ReceiptStore | None = None,
    ) -> None:
        if follower is None and target == DEFAULT_TARGET:
            follower = DEFAULT_FOLLOWER
        self.connection = Connection(target, timeout=timeout)
        self.sub = sub
        self.clock = NodeClock()
        self.nonces = NonceSource(self.clock)
        self.l1_target = l1
        self.l1_policy = l1_policy
        self.l1_raised = l1_raised
        self.follower = Connection(follower, timeout=timeout) if follower else None
        self.absent = False
        """Whether the node was unreachable when a proof was asked for."""
        self._key = key
        self._verify = verify
        self._receipts = receipts
        self._sequencer = sequencer
        self._domain: Domain | None = None
        self._markets: Markets | None = None

    @classmethod
    def from_environment(cls, *, key: Secret | None = None, sub: int = 0) -> Self:
        """Return a session with the places that the environment names.

        See ``sextant.client.environment``; without a key it only reads.
        """
        return cls(NODE.resolve(), key=key, sub=sub, l1=L1.resolve(), follower=FOLLOWER.resolve())

    async def close(self) -> None:
        """Close the connection; calls under way are cancelled."""
        await self.connection.close()
        if self.follower is not None:
            await self.follower.close()

    @property
    def address(self) -> bytes:
        """The address that signs.

        Raises
        ------
        KeyUnreadable
            The session has no key.
        """
        return address_of(self.require_key().reveal())

    def require_key(self) -> Secret:
        """Return the signing key.

        Raises
        ------
        KeyUnreadable
            The session has no key.
        """
        if self._key is None:
            raise KeyUnreadable(
                "KEY_MISSING", "this needs a signing key", advice="open the client with `key=`"
            )
        return self._key

    async def status(self) -> NodeStatus:
        """Return what the node says about itself; sets the clock by it."""
        start = monotonic_ns()
        query = self.connection.query
        message = await self.connection.call(query.GetStatus, status_pb2.GetStatusRequest())
        status = status_of(message)
        self.clock.set(status.time_ms, monotonic_ns() - start)
        if self._domain is None:
            self._domain = Domain(status.chain_id, status.rollup)
        elif (self._domain.chain_id, self._domain.rollup) != (status.chain_id, status.rollup):
            raise ClientError(
                "CHAIN_CHANGED",
                f"{self.connection.target} is now chain {status.chain_id}",
                advice="open a new client",
            )
        if not self._sequencer:
            self._sequencer = status.sequencer
        return status

    async def sync_clock(self) -> int:
        """Ask the node for its time, and return it in ms."""
        start = monotonic_ns()
        request = status_pb2.GetClockRequest()
        answer = await self.connection.call(self.connection.query.GetClock, request)
        self.clock.set(answer.time_ms, monotonic_ns() - start)
        self.nonces.reset()
        return answer.time_ms

    async def domain(self) -> Domain:
        """Return what signatures are bound to."""
        if self._domain is None:
            await self.status()
        if self._domain is None:
            raise ClientError("STATUS", "the node did not say who it is")
        return self._domain

    async def sequencer_address(self) -> bytes:
        """Return the address that signs blocks, as pinned."""
        if not self._sequencer:
            # A node without blocks may not have said it yet.
            await self.status()
        return self._sequencer or b""

    async def markets(self, *, fresh: bool = False) -> Markets:
        """Return the markets and their rules; asked for once, unless ``fresh``."""
        if self._markets is None or fresh:
            request = query_pb2.GetMarketsRequest()
            answer = await self.connection.call(self.connection.query.GetMarkets, request)
            self._markets = Markets([market_of(message) for message in answer.markets])
        return self._markets

    async def sign(self, action: Action, *, expires_in_ms: int = EXPIRY_MS) -> Transaction:
        """Return ``action`` signed, with a fresh nonce; nothing is sent."""
        return (await self.sign_many([action], expires_in_ms=expires_in_ms))[0]

    async def sign_many(
        self, actions: Sequence[Action], *, expires_in_ms: int = EXPIRY_MS
    ) -> list[Transaction]:
        """Return the actions signed, each with a nonce of its own.

        ``expires_in_ms`` is counted from the node's time; 0 means never.
        """
        key, domain = self.require_key().reveal(), await self.domain()
        expiry = self.clock.now_ms() + expires_in_ms if expires_in_ms else 0
        draw = self.nonces.draw
        return [sign_action(domain, key, action, draw(), expiry) for action in actions]

    async def submit(self, action: Action, *, expires_in_ms: int = EXPIRY_MS) -> Sequenced:
        """Sign ``action``, submit it, and wait for its block.

        Returns whatever the rules said, rejections too; see :meth:`execute`.

        Raises
        ------
        Refused
            It was not sequenced: nothing happened.
        OutcomeUnknown
            No answer came in time.
        """
        for attempt in range(1, SIGN_ATTEMPTS_MAX + 1):
            transaction = await self.sign(action, expires_in_ms=expires_in_ms)
            last = attempt == SIGN_ATTEMPTS_MAX
            try:
                sequenced = await self.send(transaction)
                # Judged after the nonce: an expired one was not executed before, either.
                if last or sequenced.receipts[0].code != Code.EXPIRED:
                    return sequenced
            except ClientError as error:
                # Only a refusal says for certain that nothing happened.
                safe = isinstance(error, Refused) and error.code in RESIGNED
                if last or not safe:
                    raise
            await self.sync_clock()
        raise BadRequest("ATTEMPTS", "no attempt was made")

    async def send(self, transaction: Transaction | bytes) -> Sequenced:
        """Submit signed bytes.  Sending them twice is harmless: one answer for both."""
        data = transaction if isinstance(transaction, bytes) else transaction.data
        request = sequencer_pb2.SubmitRequest(transaction=data, with_paths=self._verify)
        submit = self.connection.sequencer.Submit
        try:
            sequenced = sequenced_of(await self.connection.call(submit, request, sends=True))
        except CancelledError as error:
            name = sha256(data).hexdigest()
            error.add_note(
                f"the transaction was sent: `sextant tx 0x{name}` says what became of it"
            )
            raise
        except OutcomeUnknown as unknown:
            found = await self.find_sequenced(sha256(data).digest())
            if found is None:
                raise unknown from None
            sequenced = found
        await self.check(sequenced, data)
        return sequenced

    async def find_sequenced(self, transaction_hash: bytes) -> Sequenced | None:
        """Return what became of a transaction, if the node has it in a block."""
        request = query_pb2.GetReceiptRequest(
            transaction_hash=transaction_hash, with_paths=self._verify
        )
        try:
            answer = await self.connection.call(self.connection.query.GetReceipt, request)
        except ClientError:
            return None
        return sequenced_from(transaction_hash, answer) if answer.receipts else None

    async def check(self, sequenced: Sequenced, data: bytes) -> None:
        """Follow the node's time; verify the receipts if the session verifies."""
        self.clock.observe(sequenced.header.time_ms)
        if self._verify:
            chain_id = (await self.domain()).chain_id
            sequencer = await self.sequencer_address()
            verify_sequenced(sequenced, data, sequencer=sequencer, chain_id=chain_id)
            if self._receipts is not None:
                self._receipts.keep(sequenced)

    async def execute(self, action: Action, *, expires_in_ms: int = EXPIRY_MS) -> Receipt:
        """Submit ``action`` and return its receipt; raise if it was rejected.

        Raises
        ------
        Rejected
            Sequenced, and refused by the rules.
        """
        sequenced = await self.submit(action, expires_in_ms=expires_in_ms)
        receipt = sequenced.receipt
        if not receipt.accepted:
            raise rejection_of(receipt)
        return receipt
