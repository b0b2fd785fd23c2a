"""Questions to a node: markets, books, accounts, blocks, proofs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from proto.sextant.v1 import common_pb2, query_pb2
from sextant.client.market import Market
from sextant.client.models import (
    Account,
    Book,
    Order,
    SignerInfo,
    Stage,
    Ticker,
    Trade,
    Withdrawal,
)
from sextant.client.orders import OrderRef, read_ref
from sextant.client.receipts import Header, Receipt
from sextant.client.session import Session
from sextant.client.wire import (
    account_of,
    book_of,
    header_of,
    order_of,
    receipt_of,
    signer_of,
    stage_of,
    ticker_of,
    trade_of,
    withdrawal_of,
)
from sextant.errors import BadRequest, ProofInvalid, Refused
from statemachine.errors import WitnessIncomplete
from statemachine.tree import PartialTree

ADDRESS_SIZE: Final = 20
HASH_SIZE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block: its signed header, and how far it has come."""

    header: Header
    transactions: int
    frame_bytes: int
    inbox_from: int
    inbox_items: int
    segment_roots: tuple[bytes, ...]
    stage: Stage
    log_index: int | None
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionInfo:
    """How far a transaction has come, with its receipts once it is in a block."""

    transaction_hash: bytes
    stage: Stage
    height: int
    log_index: int
    accepted_ms: int
    sequenced_ms: int
    posted_ms: int
    final_ms: int
    refusal: str
    receipts: tuple[Receipt, ...]
    header: Header | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateProof:
    """State values proved under a root: the node's word is not needed for them."""

    height: int
    log_index: int | None
    root: bytes
    witness: bytes
    values: tuple[tuple[bytes, bytes | None], ...]


def read_address(value: str | bytes) -> bytes:
    """Return a 20-byte address.

    Raises
    ------
    BadRequest
        ``ADDRESS``.
    """
    try:
        address = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value
    except ValueError:
        address = b""
    if len(address) != ADDRESS_SIZE:
        raise BadRequest("ADDRESS", f"{value!r} is no address of 40 hex digits")
    return address


def read_hash(value: str) -> bytes:
    """Return the 32 bytes of a hash.

    Raises
    ------
    BadRequest
        ``HASH``.
    """
    try:
        found = bytes.fromhex(value.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != HASH_SIZE:
        raise BadRequest("HASH", f"{value!r} is no hash of 64 hex digits")
    return found


class Reads(Session):
    """A session that can ask."""

    async def market(self, which: str | int | Market) -> Market:
        """Return one market's rules."""
        return (await self.markets()).find(which)

    async def tickers(self, which: Sequence[str | int | Market] = ()) -> list[Ticker]:
        """Return the figures of some markets, or of all."""
        numbers = [(await self.market(one)).id for one in which]
        request = query_pb2.GetMarketsRequest(markets=numbers)
        answer = await self.connection.call(self.connection.query.GetMarkets, request)
        return [ticker_of(message) for message in answer.markets]

    async def ticker(self, which: str | int | Market) -> Ticker:
        """Return one market's figures."""
        found = await self.tickers([which])
        if not found:
            raise Refused("NOT_FOUND", f"the node does not know market {which}")
        return found[0]

    async def book(self, which: str | int | Market, *, levels: int = 100) -> Book:
        """Return the best ``levels`` of both sides."""
        market = await self.market(which)
        request = query_pb2.GetBookRequest(market=market.id, levels_max=levels)
        answer = await self.connection.call(self.connection.query.GetBook, request)
        return book_of(market, answer)

    async def trades(self, which: str | int | Market, *, limit: int = 100) -> list[Trade]:
        """Return the newest trades of a market, oldest first."""
        market = await self.market(which)
        request = query_pb2.GetTradesRequest(market=market.id, trades_max=limit)
        answer = await self.connection.call(self.connection.query.GetTrades, request)
        markets = await self.markets()
        return [trade_of(markets, message) for message in answer.trades]

    async def account(
        self, who: str | bytes | int | None = None, *, with_orders: bool = True
    ) -> Account:
        """Return an account by address or number; without either, the signer's."""
        request = query_pb2.GetAccountRequest(with_orders=with_orders)
        if isinstance(who, int):
            request.account = who
        else:
            request.address = self.address if who is None else read_address(who)
        answer = await self.connection.call(self.connection.query.GetAccount, request)
        return account_of(await self.markets(), answer)

    async def signer(self, address: str | bytes | None = None) -> SignerInfo:
        """Return who an address signs for; without one, the signer's own."""
        found = self.address if address is None else read_address(address)
        request = query_pb2.GetSignerRequest(address=found)
        return signer_of(await self.connection.call(self.connection.query.GetSigner, request))

    async def order(
        self, ref: OrderRef, *, account: int | None = None, sub: int | None = None
    ) -> Order:
        """Return an order, resting or gone, by order id or client id."""
        request = query_pb2.GetOrderRequest()
        found = read_ref(ref)
        if isinstance(found, int):
            request.order_id = found
        else:
            owner = account if account is not None else (await self.signer()).account
            place = common_pb2.Portfolio(account=owner, sub=self.sub if sub is None else sub)
            request.client.CopyFrom(query_pb2.ClientOrder(portfolio=place, client_id=found))
        answer = await self.connection.call(self.connection.query.GetOrder, request)
        return order_of(await self.markets(), answer)

    async def block(self, height: int = 0, *, with_receipts: bool = False) -> Block:
        """Return a block by height; the latest for 0."""
        request = query_pb2.GetBlockRequest(height=height, with_receipts=with_receipts)
        message = await self.connection.call(self.connection.query.GetBlock, request)
        return block_of(message)

    async def transaction(self, transaction_hash: bytes) -> TransactionInfo:
        """Return how far a transaction has come, with receipts and their paths."""
        request = query_pb2.GetReceiptRequest(transaction_hash=transaction_hash, with_paths=True)
        query = self.connection.query
        try:
            answer = await self.connection.call(query.GetReceipt, request)
            status, receipts = answer.status, tuple(map(receipt_of, answer.receipts))
            header = header_of(answer.header) if answer.HasField("header") else None
        except Refused as error:
            if error.code != "NOT_FOUND":
                raise
            ask = query_pb2.GetTransactionStatusRequest(transaction_hash=transaction_hash)
            status = await self.connection.call(query.GetTransactionStatus, ask)
            receipts, header = (), None
        return TransactionInfo(
            transaction_hash=transaction_hash,
            stage=stage_of(status.stage),
            height=status.height,
            log_index=status.log_index,
            accepted_ms=status.accepted_ms,
            sequenced_ms=status.sequenced_ms,
            posted_ms=status.posted_ms,
            final_ms=status.final_ms,
            refusal=status.refusal.message,
            receipts=receipts,
            header=header,
        )

    async def withdrawals(self, owner: str | bytes | None = None) -> list[Withdrawal]:
        """Return an owner's withdrawals; without one, the signer's."""
        found = self.address if owner is None else read_address(owner)
        request = query_pb2.GetWithdrawalsRequest(owner=found)
        answer = await self.connection.call(self.connection.query.GetWithdrawals, request)
        return [withdrawal_of(message) for message in answer.withdrawals]

    async def withdrawal(self, index: int) -> Withdrawal:
        """Return one withdrawal.

        Raises
        ------
        Refused
            ``NOT_FOUND``.
        """
        request = query_pb2.GetWithdrawalsRequest(index=index)
        answer = await self.connection.call(self.connection.query.GetWithdrawals, request)
        if not answer.withdrawals:
            raise Refused("NOT_FOUND", f"there is no withdrawal {index}")
        return withdrawal_of(answer.withdrawals[0])

    async def proof(self, keys: Sequence[bytes], *, log_index: int | None = None) -> StateProof:
        """Return state values, each checked against the root that the node names.

        Raises
        ------
        ProofInvalid
            The witness does not open under the root, or proves other values.
        """
        request = query_pb2.GetProofRequest(keys=list(keys), log_index=log_index)
        message = await self._ask_proof(request)
        proof = StateProof(
            height=message.height,
            log_index=message.log_index if message.HasField("log_index") else None,
            root=message.root,
            witness=message.witness,
            values=tuple((v.key, v.value if v.present else None) for v in message.values),
        )
        verify_proof(proof, keys)
        return proof

    async def _ask_proof(self, request: query_pb2.GetProofRequest) -> query_pb2.Proof:
        """Ask the node; a follower for what the node does not keep."""
        try:
            return await self.connection.call(self.connection.query.GetProof, request)
        except Refused as error:
            if self.follower is None or error.code not in {"PRUNED", "NOT_READY"}:
                raise
        return await self.follower.call(self.follower.query.GetProof, request)


def block_of(message: query_pb2.Block) -> Block:
    """Return a block."""
    return Block(
        header=header_of(message.header),
        transactions=message.transactions,
        frame_bytes=message.frame_bytes,
        inbox_from=message.inbox_from,
        inbox_items=len(message.inbox),
        segment_roots=tuple(message.segment_roots),
        stage=stage_of(message.stage),
        log_index=message.log_index if message.HasField("log_index") else None,
        receipts=tuple(map(receipt_of, message.receipts)),
    )


def verify_proof(proof: StateProof, keys: Sequence[bytes]) -> None:
    """Check that the witness proves every value under the proof's root.

    Raises
    ------
    ProofInvalid
        ``WITNESS``, ``ROOT`` or ``VALUE``.
    """
    try:
        tree = PartialTree.decode(proof.witness)
        if tree.root != proof.root:
            raise ProofInvalid("ROOT", "the witness opens under another root")
        proved = tuple((key, tree.get(key)) for key in keys)
    except WitnessIncomplete as error:
        raise ProofInvalid("WITNESS", f"the witness does not prove what was asked: {error}") from (
            error
        )
    if proved != proof.values:
        raise ProofInvalid("VALUE", "the witness proves other values than the node told")
