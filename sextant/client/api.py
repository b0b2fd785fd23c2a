"""``AsyncClient``: everything the client can do, in one class.

Its parts, each a module: ``session`` (identity, time, signing), ``chain``, ``reads``,
``trading``, ``strategies``, ``money``, ``collateral``, ``feeds``, ``funds``, and here what
needs the L1 as well, and the fast path for signed transactions.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final

from prover.contract.calls import (
    ForceCall,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    QueueOracle,
)
from sextant.client.amounts import Amount
from sextant.client.anchors import Trust, find_anchor
from sextant.client.assets import Asset
from sextant.client.funds import Funds
from sextant.client.l1 import L1Client
from sextant.client.l1_sender import DEFAULT_L1, L1Account, L1Receipt
from sextant.client.market import Market
from sextant.client.money import positive_micros, read_sub
from sextant.client.names import read_address, read_number
from sextant.client.pipeline import BatchOutcome, Pipeline, submit_batch
from sextant.client.receipts import Receipt
from sextant.client.upgrades import Upgrades, read_rules, read_upgrades
from sextant.client.verified import Verified
from sextant.errors import BadRequest, ClientError, OutcomeUnknown, ProofInvalid, Refused
from statemachine.identity.signing import Domain, oracle_digest, sign_digest
from statemachine.keys import withdrawal_key

CREDIT_S: Final = 120.0
POLL_S: Final = 0.2
RECEIPT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ForcedAction:
    """What was asked for through L1, where nobody can refuse it.

    Parameters
    ----------
    l1
        The call's receipt; its ``value`` is the index in the inbox.
    receipt
        What became of it on the exchange; ``None``: not known, or not waited for.
    """

    l1: L1Receipt
    receipt: Receipt | None


class AsyncClient(Funds):
    """An asynchronous client of one node; see ``Session`` for its parameters.

    Examples
    --------
    >>> async with AsyncClient("127.0.0.1:50551", key=load_key()) as client:
    ...     placed = await client.place("BTC", "buy", "0.5", limit="65000")
    ...     await client.cancel(placed.order_id)
    """

    def pipeline(self) -> Pipeline:
        """Return a pipeline for signed transactions over this connection."""
        return Pipeline(self.connection)

    async def submit_signed(self, transactions: Sequence[bytes]) -> BatchOutcome:
        """Submit up to 1,000 signed transactions in one call; outcomes by column."""
        return await submit_batch(self.connection, transactions)

    def l1(self) -> L1Client:
        """Return a client of the L1 with this session's key; close it after use."""
        return L1Client(
            self.l1_target or DEFAULT_L1,
            key=self._key,
            policy=self.l1_policy,
            on_raised=self.l1_raised,
        )

    async def verified(self, trust: Trust = Trust.FINAL, *, claim: int | None = None) -> Verified:
        """Return a reader whose answers follow from one claim on L1, whatever the node says.

        By default the newest final one; ``Trust.SAFE``: the newest that nobody contradicts,
        which may still be disproved; ``claim``: that one.

        Raises
        ------
        Refused
            ``NOT_FINAL``, ``CLAIM_UNKNOWN``, ``CLAIM_DEAD``.
        ProofInvalid
            L1's deployment is not one that this program knows.
        """
        async with self.l1() as l1:
            anchor = await find_anchor(l1, trust, claim=claim)
        return Verified(self.proof, anchor)

    async def upgrades(self) -> Upgrades:
        """Return which rules are in force on L1, what is announced, and the last safe exit."""
        async with self.l1() as l1:
            return await read_upgrades(l1)

    async def l1_account(self, address: str | bytes | None = None) -> L1Account:
        """Return what an address holds on L1; without one, the signer."""
        async with self.l1() as l1:
            return await l1.account(self.address if address is None else read_address(address))

    async def deposit(
        self,
        amount: Amount,
        *,
        owner: str | bytes | None = None,
        sub: int | None = None,
        asset: str | int | Asset | None = None,
        wait_s: float = CREDIT_S,
    ) -> L1Receipt:
        """Deposit from L1, and wait until the exchange has credited it.

        Parameters
        ----------
        asset
            What is deposited; USDC by default.
        owner
            Whose account it goes to; the signer's by default.
        wait_s
            How long to wait for the credit; 0 returns once L1 has it.

        Raises
        ------
        OutcomeUnknown
            ``NOT_CREDITED``: L1 has it, the exchange not yet.
        """
        target = self.address if owner is None else read_address(owner)
        place = read_sub(self.sub if sub is None else sub)
        found = None if asset is None else await self.asset(asset)
        async with self.l1() as l1:
            if found is None:
                receipt = await l1.deposit(target, place, positive_micros(amount))
            else:
                receipt = await l1.deposit_asset(target, place, found, found.units(amount))
        if wait_s:
            await self.wait_inbox(receipt.value, wait_s)
        return receipt

    async def force_withdraw(
        self,
        amount: Amount | None = None,
        *,
        sub: int | None = None,
        asset: str | int | Asset | None = None,
        wait_s: float = CREDIT_S,
    ) -> L1Receipt:
        """Withdraw through L1: the sequencer cannot refuse it.  Without an amount, all.

        USDC, unless an ``asset`` is named.
        """
        found = None if asset is None else await self.asset(asset)
        units = 0
        if amount is not None:
            units = positive_micros(amount) if found is None else found.units(amount)
        place = read_sub(self.sub if sub is None else sub)
        async with self.l1() as l1:
            receipt = await l1.force_withdraw(place, units, 0 if found is None else found.id)
        if wait_s:
            await self.wait_inbox(receipt.value, wait_s)
        return receipt

    async def force_cancel_all(
        self, *, sub: int | None = None, wait_s: float = CREDIT_S
    ) -> ForcedAction:
        """Cancel all orders of a sub-account through L1."""
        return await self._force(ForceCancelAll(read_sub(self.sub if sub is None else sub)), wait_s)

    async def force_close(
        self,
        market: str | int | Market,
        *,
        price: Amount | None = None,
        sub: int | None = None,
        wait_s: float = CREDIT_S,
    ) -> ForcedAction:
        """Close a position through L1, at ``price`` or better.

        Without one, for what the book gives within the fill band; where that is nothing,
        against others' positions at the mark.
        """
        found = await self.market(market)
        bound = 0 if price is None else found.price(price)
        place = read_sub(self.sub if sub is None else sub)
        return await self._force(ForceClose(place, found.id, bound), wait_s)

    async def force_revoke(self, agent: str | bytes, *, wait_s: float = CREDIT_S) -> ForcedAction:
        """Revoke an agent through L1."""
        return await self._force(ForceRevoke(read_address(agent)), wait_s)

    async def force_poke(
        self, owner: str | bytes, *, sub: int = 0, wait_s: float = CREDIT_S
    ) -> ForcedAction:
        """Have anybody's sub-account looked at through L1, and liquidated if it must be."""
        return await self._force(ForcePoke(read_address(owner), read_sub(sub)), wait_s)

    async def force_oracle(
        self, market: str | int | Market, price: Amount, *, wait_s: float = CREDIT_S
    ) -> ForcedAction:
        """Say a price through L1, as the publisher whose key this session has.

        Raises
        ------
        BadRequest
            ``PUBLISHER``: the key is no publisher's.
        """
        found = await self.market(market)
        lots = found.price(price)
        async with self.l1() as l1:
            upgrades = await read_upgrades(l1)
            rules = await read_rules(l1, upgrades.hashes[upgrades.in_force])
            time = (await l1.heads()).clock_ms
        if self._key is None or self.address not in rules.publishers:
            raise BadRequest("PUBLISHER", f"the key is not that of one of {len(rules.publishers)}")
        digest = oracle_digest(Domain(rules.chain_id, rules.rollup), found.id, lots, time)
        signature = sign_digest(self._key.reveal(), digest)
        publisher = rules.publishers.index(self.address)
        return await self._force(QueueOracle(found.id, publisher, lots, time, signature), wait_s)

    async def _force(self, call: ForceCall | QueueOracle, wait_s: float) -> ForcedAction:
        """Queue something on L1, and wait for what becomes of it, unless ``wait_s`` is 0."""
        async with self.l1() as l1:
            sent = await l1.send(call)
        return await self.wait_forced(sent, wait_s) if wait_s else ForcedAction(sent, None)

    async def inbox_deadline_ms(self, index: int) -> int:
        """Return by when a block takes inbox item ``index``, whatever its sequencer wants, ms.

        If blocks are made at all: without any, ``sextant force batch`` makes one.

        Raises
        ------
        Refused
            ``NOT_FOUND``: L1 has no such item.
        """
        async with self.l1() as l1:
            item, upgrades = await l1.inbox_item(index), await read_upgrades(l1)
            rules = await read_rules(l1, upgrades.hashes[upgrades.in_force])
        return item.time + rules.inbox_deadline_ms

    async def wait_forced(self, sent: L1Receipt, wait_s: float = CREDIT_S) -> ForcedAction:
        """Wait for what becomes of an action that L1 has.

        Raises
        ------
        OutcomeUnknown
            ``NOT_CREDITED``: no block has taken it, within ``wait_s``.
        """
        async with self.l1() as l1:
            item = await l1.inbox_item(sent.value)
        await self.wait_inbox(sent.value, wait_s)
        deadline = monotonic() + RECEIPT_S
        while not (info := await self.transaction(item.hash)).receipts:
            # A node counts what it consumed a moment before it can look it up.
            if monotonic() > deadline:
                return ForcedAction(sent, None)
            await asyncio.sleep(POLL_S)
        return ForcedAction(sent, info.receipts[0])

    async def wait_inbox(self, index: int, wait_s: float = CREDIT_S) -> None:
        """Wait until the exchange has consumed inbox item ``index``.

        Raises
        ------
        OutcomeUnknown
            ``NOT_CREDITED``: it has not, within ``wait_s``.
        """
        deadline = monotonic() + wait_s
        while (await self.status()).inbox_index <= index:
            if monotonic() > deadline:
                raise OutcomeUnknown(
                    "NOT_CREDITED",
                    f"inbox item {index} is on L1, but not consumed after {wait_s:g} s",
                    advice="it cannot be lost: blocks take it once L1 calls it final",
                    retryable=False,
                )
            await asyncio.sleep(POLL_S)

    async def check_withdrawal(self, index: int) -> None:
        """Refuse a withdrawal that the node says was never made.

        Raises
        ------
        Refused
            ``NOT_FOUND``.
        """
        try:
            await self.withdrawal(index)
        except Refused as error:
            if error.code != "NOT_FOUND":
                return
            advice = "see `sextant withdraw --list`"
            raise Refused("NOT_FOUND", f"there is no withdrawal {index}", advice=advice) from error
        except ClientError:
            # Who cannot say does not stand in the way of a claim.
            return

    async def claim_withdrawal(self, index: int, *, ahead: bool = False) -> L1Receipt:
        """Collect a withdrawal on L1, with a proof under its newest final claim.

        ``ahead``: under the newest claim that attesters vouch for, final or not.

        Anyone may: it is always the owner who is paid.

        Raises
        ------
        Refused
            ``NOT_FINAL``: no final claim contains it yet; ``NOT_FOUND``: none ever will.
        ProofInvalid
            The node's proof does not hold under the root that L1 has.
        """
        key = withdrawal_key(read_number(index, "withdrawal"))
        async with self.l1() as l1:
            try:
                claim = await (l1.attested_claim() if ahead else l1.final_claim())
            except Refused:
                await self.check_withdrawal(index)
                raise
            proof = await self.proof([key], log_index=claim.log_index)
            if proof.root != claim.root:
                raise ProofInvalid(
                    "ROOT",
                    f"the node proves under {proof.root.hex()[:16]}, L1 has"
                    f" {claim.root.hex()[:16]} for log entry {claim.log_index}",
                    advice="ask another node",
                )
            if proof.values[0][1] is None:
                await self.check_withdrawal(index)
                raise Refused(
                    "NOT_FINAL",
                    f"final claim {claim.number} (height {claim.height}) does not hold"
                    f" withdrawal {index} yet",
                    advice="wait for the challenge window to pass",
                    retryable=True,
                )
            return await l1.claim_withdrawal(claim.number, index, proof.witness)
