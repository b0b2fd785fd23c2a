"""Getting out of an exchange that stopped: freeze it, register claims, be paid.

All of it needs the L1, and proofs of the last final state from any follower, checked against
the root that L1 has; no sequencer.  What is registered is found by reading that state
(:mod:`sextant.client.candidates`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from proto.sextant.v1 import l1_pb2
from prover.contract.calls import (
    Call,
    Freeze,
    OpenEscape,
    PayEscape,
    RefundDeposit,
)
from prover.contract.freeze import silence_limit
from prover.contract.rules import ContractRules
from prover.equity import (
    committed_sums,
)
from sextant.client.amounts import from_micros
from sextant.client.api import AsyncClient
from sextant.client.candidates import (
    WITHDRAWAL,
    Candidate,
    find_all_portfolios,
    find_candidates,
)
from sextant.client.l1 import L1Client
from sextant.client.l1_sender import L1Receipt
from sextant.client.leaves import StateReader
from sextant.client.names import FundName
from sextant.client.upgrades import read_contract, rules_of_claim
from sextant.errors import ClientError, Refused, Rejected

REASONS: Final = {
    1: "an inbox item waited for too long",
    2: "no sequencer made a block for too long",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EscapeStatus:
    """How far the end of the exchange has come; times in ms, money in USDC.

    ``freeze_from_ms`` is when an inbox item that waits, or silence of the sequencer, permits
    a freeze, should nothing happen until then; ``None`` if nobody can tell.  ``net`` is what
    the owner asked about has registered, less his debts; ``rate`` what each USDC of claims
    is paid with, known once the first was paid.
    """

    frozen: bool
    reason: str
    freeze_from_ms: int | None
    claim: int
    inbox_waiting: int
    claims_pending: int
    pending_until_ms: int
    open: bool
    closes_ms: int
    claims: Decimal
    held: Decimal
    rate: Decimal | None
    registered: Decimal
    debt: Decimal
    net: Decimal
    paid: bool
    refundable: tuple[int, ...]
    clock_ms: int

    @property
    def advice(self) -> str:
        """What to do next."""
        if not self.frozen:
            if self.freeze_from_ms is None:
                return "nothing: the exchange consumed its inbox, as far as a node can tell"
            if self.clock_ms < self.freeze_from_ms:
                return "nothing: the exchange goes on, unless it stays silent until then"
            return "sextant escape freeze"
        if self.claims_pending:
            return "wait until no claim is pending"
        if not self.open or self.clock_ms < self.closes_ms:
            return "sextant escape register, then `register --debts` for what others owe"
        return "nothing is left" if self.paid or not self.net else "sextant escape pay"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscapeClaim:
    """Something that is worth something under the last state, or owes something.

    ``place`` is the sub-account, the vault's market, the fund's portfolio, or the
    index of a withdrawal.
    """

    kind: str
    account: int
    place: int
    owner: bytes
    usdc: Decimal
    registered: bool


class Escape:
    """The end of an exchange, as one client sees it.

    Examples
    --------
    >>> async with Escape(client) as escape:
    ...     for claim in await escape.register():
    ...         print(claim.kind, claim.usdc)
    """

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.l1: L1Client = client.l1()
        self._rules: ContractRules | None = None

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection to the L1; the client's stays open."""
        await self.l1.close()

    async def rules(self) -> ContractRules:
        """Return what the contract was deployed with; asked for once."""
        self._rules = self._rules or await read_contract(self.l1)
        return self._rules

    async def status(self, owner: bytes | None = None) -> EscapeStatus:
        """Return how far the end has come, for everybody and for an owner."""
        found = await self.l1.escape(owner)
        times = [found.freeze_from_ms] if found.HasField("freeze_from_ms") else []
        if not found.frozen and (silent := await self.silence_from()) is not None:
            times.append(silent)
        held, claims = found.held_micros, found.claims_micros
        equity, debt = found.owed.equity_micros, found.owed.debt_micros
        return EscapeStatus(
            frozen=found.frozen,
            reason=REASONS.get(found.reason, ""),
            freeze_from_ms=min(times, default=None),
            claim=found.claim,
            inbox_waiting=found.inbox_count - found.inbox_consumed,
            claims_pending=found.claims_pending,
            pending_until_ms=found.pending_until_ms,
            open=found.open,
            closes_ms=found.closes_ms,
            claims=from_micros(claims),
            held=from_micros(held),
            rate=Decimal(min(held, claims)) / claims if held and claims else None,
            registered=from_micros(equity),
            debt=from_micros(debt),
            net=from_micros(max(0, equity - debt)),
            paid=found.owed.paid,
            refundable=tuple(found.refundable),
            clock_ms=await self.l1.clock_ms(),
        )

    async def freeze(self, attempts: int = 3) -> L1Receipt:
        """Stop the exchange, if an inbox item waited, or the sequencer was silent, long enough.

        Looks again, so many times, if another claim has become final meanwhile.

        Raises
        ------
        Rejected
            ``FREEZE_EARLY``: neither, yet.
        """
        found, clock = await self.l1.escape(), await self.l1.clock_ms()
        proof = b""
        if not found.HasField("freeze_from_ms") or clock < found.freeze_from_ms:
            proof = await (await self.reader()).prove(lambda state: state.cursor)
        try:
            return await self.l1.send(Freeze(found.claim, proof))
        except Rejected as error:
            if error.code != "NOT_NEWEST" or attempts == 1:
                raise
        return await self.freeze(attempts - 1)

    async def silence_from(self) -> int | None:
        """Return from when on silence permits a freeze (ms); ``None`` if nobody can tell yet."""
        try:
            framed_at = await (await self.reader()).read(lambda state: state.cursor.framed_at)
            began = await self.l1.log_began_ms()
        except ClientError:
            return None
        return None if began is None else silence_limit(await self.rules(), began, framed_at)

    async def open(self) -> L1Receipt:
        """Open the books: anyone may, once no claim is pending."""
        reader = await self.reader()
        proof = await reader.prove(lambda state: list(committed_sums(state)))
        return await self.l1.send(OpenEscape(proof))

    async def reader(self) -> StateReader:
        """Return a reader of the state that counts."""
        found = await self.l1.escape()
        rules = await rules_of_claim(self.l1, found.claim)
        return StateReader(self.client, rules, found.log_index, found.root)

    async def claims(
        self, owner: bytes | None = None, funds: Iterable[FundName] = ()
    ) -> list[EscapeClaim]:
        """Return all that an owner has in the last state; without one, the signer.

        Shares of other people's funds are found only if ``funds`` names them: the
        state lists them by fund.
        """
        reader = await self.reader()
        name = self.client.address if owner is None else owner
        candidates = await find_candidates(reader, name, funds)
        return [claim for claim, _ in await self._worths(reader, candidates)]

    async def _worths(
        self, reader: StateReader, candidates: list[Candidate]
    ) -> list[tuple[EscapeClaim, Candidate]]:
        """Return the candidates that are claims, with what they are worth."""
        kept = [(one, worth) for one in candidates if (worth := await reader.read(one.read))]
        asked = [
            l1_pb2.L1Registration(kind=max(0, one.kind), account=one.account, place=one.place)
            for one, _ in kept
        ]
        marks = (await self.l1.escape(registrations=asked)).registered
        found = []
        for (one, worth), mark in zip(kept, marks, strict=True):
            known = await self.l1.is_paid(one.place) if one.kind == WITHDRAWAL else mark
            claim = EscapeClaim(
                kind=one.name,
                account=one.account,
                place=one.place,
                owner=worth.owner,
                usdc=from_micros(worth.micros),
                registered=known,
            )
            found.append((claim, one))
        return found

    # Registering

    async def register(
        self, owner: bytes | None = None, funds: Iterable[FundName] = ()
    ) -> list[EscapeClaim]:
        """Register all that an owner has; open the books first if nobody has.

        Raises
        ------
        Refused
            ``NOT_FROZEN``, or ``NOTHING_FOUND``: the state knows nothing of the owner's.
        """
        reader = await self._opened()
        name = self.client.address if owner is None else owner
        found = await self._worths(reader, await find_candidates(reader, name, funds))
        if not found:
            raise Refused("NOTHING_FOUND", f"the last state has nothing of 0x{name.hex()}")
        return await self._send(reader, found, lambda _: True)

    async def register_debts(self) -> list[EscapeClaim]:
        """Register every portfolio that owes more than it has: whoever owes will not."""
        reader = await self._opened()
        found = await self._worths(reader, await find_all_portfolios(reader))
        return await self._send(reader, found, lambda claim: claim.usdc < 0)

    async def _opened(self) -> StateReader:
        """Return a reader of the state that counts, once the books are open."""
        found = await self.l1.escape()
        if not found.frozen:
            raise Refused(
                "NOT_FROZEN",
                "the exchange goes on",
                advice="`sextant withdraw` takes money out; `sextant escape status` says more",
            )
        if not found.open:
            try:
                await self.open()
            except Rejected as error:
                if error.code != "BOOKS_OPEN":
                    raise
        return await self.reader()

    async def _send(
        self,
        reader: StateReader,
        found: list[tuple[EscapeClaim, Candidate]],
        wanted: Callable[[EscapeClaim], bool],
    ) -> list[EscapeClaim]:
        """Register what is wanted and was not registered before; return that."""
        sent = []
        for claim, candidate in found:
            if claim.registered or not claim.usdc or not wanted(claim):
                continue
            call = candidate.call(await reader.prove(candidate.read))
            if await self._send_once(call, "REGISTERED", "WITHDRAWAL_PAID") is not None:
                sent.append(claim)
        return sent

    async def _send_once(self, call: Call, *done: str) -> L1Receipt | None:
        """Send a call; ``None`` if somebody else has done the same, as these codes say.

        Anyone may, for anyone: whoever is a moment faster must not stop what comes next.
        """
        try:
            return await self.l1.send(call)
        except Rejected as error:
            if error.code not in done:
                raise
        return None

    # Being paid

    async def pay(self, owner: bytes | None = None) -> L1Receipt:
        """Pay an owner his part of everything that is held; without one, the signer."""
        return await self.l1.send(PayEscape(self.client.address if owner is None else owner))

    async def refund(self, owner: bytes | None = None) -> list[L1Receipt]:
        """Give back all deposits of an owner that were never credited."""
        name = self.client.address if owner is None else owner
        if not (await self.l1.escape()).open:
            await self._opened()
        waiting = (await self.l1.escape(name)).refundable
        sent = [await self._send_once(RefundDeposit(index), "PAID_OUT") for index in waiting]
        return [receipt for receipt in sent if receipt is not None]
