"""Questions about the exchange: markets, books, trades, accounts, orders."""

from collections.abc import Sequence

from proto.sextant.v1 import common_pb2, query_pb2, status_pb2
from sextant.client.assets import Asset, asset_of, find_asset
from sextant.client.chain import Chain
from sextant.client.fees import Fees, fees_of
from sextant.client.history import MarketHistory, Preview, history_of, preview_of
from sextant.client.market import Market
from sextant.client.models import (
    Account,
    Book,
    Order,
    Pool,
    SignerInfo,
    Ticker,
    Trade,
    Vault,
)
from sextant.client.names import OrderRef, read_address, read_number, read_ref
from sextant.client.wire import (
    account_of,
    book_of,
    order_of,
    pool_of,
    signer_of,
    ticker_of,
    trade_of,
    vault_of,
)
from sextant.errors import Refused
from statemachine.actions import SIGNATURE_SIZE, Action, encode_transaction
from statemachine.rules import Rules, decode_rules


class Reads(Chain):
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
        request = query_pb2.GetBookRequest(
            market=market.id, levels_max=read_number(levels, "number of levels", 32)
        )
        answer = await self.connection.call(self.connection.query.GetBook, request)
        return book_of(market, answer)

    async def trades(self, which: str | int | Market, *, limit: int = 100) -> list[Trade]:
        """Return the newest trades of a market, oldest first."""
        market = await self.market(which)
        request = query_pb2.GetTradesRequest(
            market=market.id, trades_max=read_number(limit, "number of trades", 32)
        )
        answer = await self.connection.call(self.connection.query.GetTrades, request)
        markets = await self.markets()
        return [trade_of(markets, message) for message in answer.trades]

    async def account(
        self, who: str | bytes | int | None = None, *, with_orders: bool = True
    ) -> Account:
        """Return an account by address or number; without either, the signer's."""
        request = query_pb2.GetAccountRequest(with_orders=with_orders)
        if isinstance(who, int):
            request.account = read_number(who, "account", 32)
        else:
            request.address = self.address if who is None else read_address(who)
        answer = await self.connection.call(self.connection.query.GetAccount, request)
        return account_of(await self.markets(), answer)

    async def vault(self, which: str | int | Market, *, mine: bool = False) -> Vault:
        """Return a market's backstop vault; with ``mine``, the signer's shares too."""
        market = await self.market(which)
        request = query_pb2.GetVaultRequest(market=market.id)
        if mine:
            request.address = self.address
        answer = await self.connection.call(self.connection.query.GetVault, request)
        return vault_of(market, answer)

    async def pool(self, *, mine: bool = False) -> Pool:
        """Return the lending pool; with ``mine``, the signer's shares too."""
        request = query_pb2.GetPoolRequest()
        if mine:
            request.address = self.address
        return pool_of(await self.connection.call(self.connection.query.GetPool, request))

    async def fees(
        self, *, mine: bool = False, sub: int = 0, who: str | bytes | int | None = None
    ) -> Fees:
        """Return the fee schedule and the rates in force.

        Those of ``who``, an address or an account's number; with ``mine`` the signer's own;
        else of somebody who has not traded yet.
        """
        request = query_pb2.GetFeesRequest(sub=read_number(sub, "sub-account", 8))
        if isinstance(who, int):
            request.account = read_number(who, "account", 32)
        elif who is not None:
            request.address = read_address(who)
        elif mine:
            request.address = self.address
        answer = await self.connection.call(self.connection.query.GetFees, request)
        return fees_of(await self.markets(), answer)

    async def assets(self) -> list[Asset]:
        """Return what may be collateral beyond USDC, with prices and weights."""
        request = query_pb2.GetAssetsRequest()
        answer = await self.connection.call(self.connection.query.GetAssets, request)
        return [asset_of(message) for message in answer.assets]

    async def asset(self, which: str | int | Asset) -> Asset:
        """Return one asset by name or number.

        Raises
        ------
        BadRequest
            ``ASSET``.
        """
        return which if isinstance(which, Asset) else find_asset(await self.assets(), which)

    async def history(
        self, which: str | int | Market, *, span_ms: int = 0, samples: int = 0
    ) -> MarketHistory:
        """Return what the node remembers of a market, ``span_ms`` back, or all of it."""
        market = await self.market(which)
        request = query_pb2.GetHistoryRequest(
            market=market.id,
            span_ms=read_number(span_ms, "span"),
            samples_max=read_number(samples, "number of samples", 32),
        )
        answer = await self.connection.call(self.connection.query.GetHistory, request)
        return history_of(market, answer)

    async def preview(self, action: Action, *, signer: str | bytes | None = None) -> Preview:
        """Return what ``action`` would do if it were the next; nothing is signed or sent.

        It is the state machine's own answer: others may still come before.
        """
        draft = encode_transaction(action, 0, 0, bytes(SIGNATURE_SIZE))
        address = self.address if signer is None else read_address(signer)
        request = query_pb2.PreviewRequest(signer=address, transaction=draft)
        answer = await self.connection.call(self.connection.query.Preview, request)
        return preview_of(await self.markets(), answer)

    async def rules(self) -> Rules:
        """Return the rules of the exchange, as every claim on L1 names them by their hash."""
        request = status_pb2.GetRulesRequest()
        answer = await self.connection.call(self.connection.query.GetRules, request)
        return decode_rules(answer.rules)

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
            place = common_pb2.Portfolio(
                account=read_number(owner, "account", 32),
                sub=read_number(self.sub if sub is None else sub, "sub-account", 8),
            )
            request.client.CopyFrom(query_pb2.ClientOrder(portfolio=place, client_id=found))
        answer = await self.connection.call(self.connection.query.GetOrder, request)
        return order_of(await self.markets(), answer)
