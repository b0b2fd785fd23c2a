"""The L1 side of a client: deposits, forced withdrawals, and claiming what is final.

A thin client of the L1 stub's service.  Every call is signed over the
canonical bytes of ``prover.contract.calls``; a withdrawal is claimed with a
proof that is checked here before anything is sent, against the root of a claim that
L1 calls final, or that enough attesters vouch for.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from proto.sextant.v1 import l1_pb2
from prover.contract.calls import AppendEmpty, ClaimWithdrawal, Deposit, ForceWithdraw
from sextant.client.amounts import show_decimal, show_usdc, to_micros
from sextant.client.assets import Asset
from sextant.client.l1_sender import ADVICE, L1Receipt, L1Sender
from sextant.errors import Refused, Rejected, ServerFault
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, decode_inbox_item


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalClaim:
    """The newest claim past its challenge window: what L1 pays withdrawals under."""

    number: int
    log_index: int
    height: int
    root: bytes


class L1Client(L1Sender):
    """A connection to the L1, and the key that pays and signs there."""

    async def deposit(self, owner: bytes, sub: int, micros: int) -> L1Receipt:
        """Deposit from the signer's tokens; ``value`` is the index in the inbox.

        Raises
        ------
        Rejected
            ``TOKEN_BALANCE``: the signer has less; ``AMOUNT``: it is too small; and whatever
            :meth:`send` raises.
        """
        try:
            return await self.send(Deposit(owner, sub, micros))
        except (Refused, Rejected) as error:
            if error.code == "TOKEN_BALANCE" and self._key is not None:
                held = (await self.account(address_of(self._key.reveal()))).usdc
                what = f"and the signer has {show_usdc(to_micros(held))} on L1"
            elif error.code == "AMOUNT":
                what = f"the least is {show_usdc((await self.deployment()).deposit_micros_min)}"
            else:
                raise
            raise type(error)(
                error.code,
                f"a deposit of {show_usdc(micros)}, {what}",
                advice=ADVICE.get(error.code, ""),
                retryable=error.retryable,
            ) from error

    async def deposit_asset(self, owner: bytes, sub: int, asset: Asset, units: int) -> L1Receipt:
        """Deposit units of another asset than USDC; ``value`` is the index in the inbox.

        Raises
        ------
        Rejected
            ``TOKEN_BALANCE``, ``CAP``: the exchange takes no more of it; and whatever
            :meth:`send` raises.
        """
        try:
            return await self.send(Deposit(owner, sub, units, asset.id))
        except (Refused, Rejected) as error:
            if error.code != "TOKEN_BALANCE":
                raise
            key = self._key
            held = (await self.account(address_of(key.reveal()))).units if key else {}
            raise type(error)(
                error.code,
                f"a deposit of {show_decimal(asset.show(units))} {asset.name}, and the signer"
                f" has {show_decimal(asset.show(held.get(asset.id, 0)))} on L1",
                advice=f"on a devnet, `sextant dev faucet NAME --asset {asset.name}` gives some",
                retryable=error.retryable,
            ) from error

    async def force_withdraw(self, sub: int, amount: int, asset: int = 0) -> L1Receipt:
        """Queue a withdrawal that the sequencer cannot refuse; 0 takes all that may leave.

        In micro-USDC, or in units of ``asset``.
        """
        return await self.send(ForceWithdraw(sub, amount, asset))

    async def append_empty(self) -> L1Receipt:
        """Append an entry of inbox items only, in the sequencer's silence; ``value``: its index.

        Raises
        ------
        Rejected
            ``SEQUENCER_ALIVE``: the log has not been silent for long enough, and no item
            has waited for room for long enough.
        """
        request = l1_pb2.L1ListLogRequest(from_index=(1 << 63) - 1, entries_max=1)
        page: l1_pb2.L1LogPage = await self._ask(self._stub.ListLog, request)
        return await self.send(AppendEmpty(page.log_count))

    async def log_began_ms(self) -> int | None:
        """Return when the first log entry came (ms); ``None`` if there is none."""
        request = l1_pb2.L1ListLogRequest(from_index=0, entries_max=1)
        page: l1_pb2.L1LogPage = await self._ask(self._stub.ListLog, request)
        return page.entries[0].time_ms if page.entries else None

    async def inbox_item(self, index: int) -> InboxItem:
        """Return item ``index`` of the inbox.

        Raises
        ------
        Refused
            ``NOT_FOUND``: there are fewer.
        """
        request = l1_pb2.L1ListInboxRequest(from_index=index, items_max=1)
        page: l1_pb2.L1InboxPage = await self._ask(self._stub.ListInbox, request)
        if not page.items:
            raise Refused("NOT_FOUND", f"the inbox has {page.inbox_count} items, not {index}")
        return decode_inbox_item(page.items[0].encoded)

    async def claim_withdrawal(self, claim: int, index: int, proof: bytes) -> L1Receipt:
        """Collect a withdrawal under a final claim; ``value`` is the amount in micros."""
        return await self.send(ClaimWithdrawal(claim, index, proof))

    async def is_paid(self, index: int) -> bool:
        """Return whether a withdrawal was paid."""
        request = l1_pb2.L1GetWithdrawalRequest(index=index)
        answer: l1_pb2.L1Withdrawal = await self._ask(self._stub.GetWithdrawal, request)
        return answer.paid

    async def height(self) -> int:
        """Return the number of the newest block of L1."""
        return (await self.heads()).latest.number

    async def clock_ms(self) -> int:
        """Return the time of the newest block of L1."""
        return (await self.heads()).latest.time_ms

    async def escape(
        self, owner: bytes | None = None, registrations: Sequence[l1_pb2.L1Registration] = ()
    ) -> l1_pb2.L1Escape:
        """Return how far the end of the exchange has come; see ``sextant.client.escape``."""
        request = l1_pb2.L1GetEscapeRequest(owner=owner, registrations=registrations)
        answer: l1_pb2.L1Escape = await self._ask(self._stub.GetEscape, request)
        return answer

    async def claims(self, start: int, count: int) -> l1_pb2.L1ClaimsPage:
        """Return a page of claims as they stand now, from number ``start`` on.

        Raises
        ------
        ServerFault
            ``CLAIMS``: the numbers are not those, in their order; to ask on would never end.
        """
        request = l1_pb2.L1ListClaimsRequest(from_number=start, claims_max=count)
        page: l1_pb2.L1ClaimsPage = await self._ask(self._stub.ListClaims, request)
        least = start
        for claim in page.claims:
            if claim.number < least:
                raise ServerFault(
                    "CLAIMS",
                    f"{self.target} lists claim {claim.number} where {least} or a later one is due",
                    advice="ask another L1",
                )
            least = claim.number + 1
        return page

    async def rules_page(self) -> l1_pb2.L1RulesPage:
        """Return the versions of the exchange's rules; see ``sextant.client.upgrades``."""
        request = l1_pb2.L1ListRulesRequest()
        page: l1_pb2.L1RulesPage = await self._ask(self._stub.ListRules, request)
        return page

    async def attesters(self) -> l1_pb2.L1Attesters:
        """Return attesters and attestations; see ``sextant.client.attesters``."""
        answer: l1_pb2.L1Attesters = await self._ask(
            self._stub.ListAttesters, l1_pb2.L1ListAttestersRequest()
        )
        return answer

    async def attested_claim(self) -> FinalClaim:
        """Return the newest pending claim that enough stakes vouch for.

        Raises
        ------
        Refused
            ``NOT_ATTESTED``: there is none.
        """
        enough = {one.claim for one in (await self.attesters()).attestations if one.enough}
        pending = l1_pb2.L1_CLAIM_STATUS_PENDING
        for number in sorted(enough, reverse=True):
            found = await self.claim(number)
            if found is not None and found.status == pending:
                return claim_from(found)
        raise Refused(
            "NOT_ATTESTED",
            "no pending claim has enough attesters",
            advice="`sextant attester list` shows them; or wait for the claim to be final",
            retryable=True,
        )

    async def sales(self, after: bytes) -> Sequence[l1_pb2.L1Sale]:
        """Return a page of the sales after one; see ``sextant.client.sales``."""
        request = l1_pb2.L1ListSalesRequest(after=after)
        answer: l1_pb2.L1SalesPage = await self._ask(self._stub.ListSales, request)
        if answer.sales and answer.sales[-1].sale <= after:
            raise ServerFault(
                "SALES", f"{self.target} lists the same sales again", advice="ask another L1"
            )
        return answer.sales

    async def claim(self, number: int) -> l1_pb2.L1Claim | None:
        """Return a claim by its number, if there is one."""
        page = await self.claims(number, 1)
        return next((claim for claim in page.claims if claim.number == number), None)

    async def each_claim(self) -> AsyncIterator[l1_pb2.L1Claim]:
        """Yield all claims, oldest first."""
        start = 0
        while (page := await self.claims(start, 0)).claims:
            for claim in page.claims:
                yield claim
            start = page.claims[-1].number + 1

    async def final_claim(self) -> FinalClaim:
        """Return the newest final claim.

        Raises
        ------
        Refused
            ``NOT_FINAL``: there is none yet.
        """
        found: l1_pb2.L1Claim | None = None
        async for claim in self.each_claim():
            if claim.status == l1_pb2.L1_CLAIM_STATUS_FINAL:
                found = claim
        if found is None:
            raise Refused(
                "NOT_FINAL",
                "no claim is final yet",
                advice="wait for the window to pass",
                retryable=True,
            )
        return claim_from(found)


def claim_from(message: l1_pb2.L1Claim) -> FinalClaim:
    """Return what withdrawals are paid under."""
    return FinalClaim(
        number=message.number,
        log_index=message.log_index,
        height=message.height,
        root=message.post_root,
    )
