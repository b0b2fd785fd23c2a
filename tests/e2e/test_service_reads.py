"""Reads: what a node says of its state, and how it can be proved."""

import grpc
import grpc.aio

from node.l1.postings import Posting
from proto.sextant.v1 import common_pb2, query_pb2, status_pb2
from statemachine import keys
from statemachine.actions import Transfer, Withdraw
from statemachine.identity.signing import address_of
from statemachine.merkle.tree import PartialTree
from statemachine.units import Micros
from tests.e2e.serving import code_of, run, serve
from tests.e2e.trading import BUY, CLIENT_ID, SECONDS, limit, submit
from tests.worlds import USDC, trader_key


def test_reads_agree_with_the_state() -> None:
    async def story() -> None:
        async with serve() as served:
            world, query = served.world, served.query
            placed = await submit(served, world.sign(0, limit(BUY, 5_990_000, 10, CLIENT_ID)))
            markets = await query.GetMarkets(query_pb2.GetMarketsRequest(), timeout=SECONDS)
            assert [m.symbol for m in markets.markets] == ["M0", "M1"]
            assert markets.markets[0].best_bid == 5_990_000
            assert markets.markets[0].index == 6_000_000
            owner = address_of(trader_key(0))
            request = query_pb2.GetAccountRequest(address=owner, with_orders=True)
            account = await query.GetAccount(request, timeout=SECONDS)
            [portfolio] = account.portfolios
            assert account.owner == owner
            assert portfolio.balance_micros == 100_000 * USDC
            [order] = portfolio.orders
            assert order.client_id == CLIENT_ID
            assert order.order_id == placed.sequenced.receipts[0].order_id
            client = query_pb2.ClientOrder(
                portfolio=common_pb2.Portfolio(account=account.account), client_id=CLIENT_ID
            )
            same = await query.GetOrder(query_pb2.GetOrderRequest(client=client), timeout=SECONDS)
            assert same == order
            signer = await query.GetSigner(
                query_pb2.GetSignerRequest(address=owner), timeout=SECONDS
            )
            assert (signer.account, signer.is_agent) == (account.account, False)
            rules = await query.GetRules(status_pb2.GetRulesRequest(), timeout=SECONDS)
            assert rules.rules_hash == world.rules.hash
            tx_hash = placed.transaction_hash
            receipt = await query.GetReceipt(
                query_pb2.GetReceiptRequest(transaction_hash=tx_hash, with_paths=True),
                timeout=SECONDS,
            )
            assert list(receipt.receipts) == list(placed.sequenced.receipts)
            assert receipt.status.stage == common_pb2.STAGE_SEQUENCED
            served.exchange.final_height = receipt.header.height
            status = await query.GetTransactionStatus(
                query_pb2.GetTransactionStatusRequest(transaction_hash=tx_hash), timeout=SECONDS
            )
            assert status.stage == common_pb2.STAGE_FINAL
            assert (status.log_index, status.posted_ms) == (0, 0)  # not on L1 yet
            height = receipt.header.height
            served.exchange.safe_height = height
            served.exchange.postings.add(Posting(height - 1, height, 5, 777))
            served.exchange.finals.advance(0, 0, 700)
            served.exchange.finals.advance(height, 5, 888)
            status = await query.GetTransactionStatus(
                query_pb2.GetTransactionStatusRequest(transaction_hash=tx_hash), timeout=SECONDS
            )
            assert (status.log_index, status.posted_ms, status.final_ms) == (5, 777, 888)
            block = await query.GetBlock(query_pb2.GetBlockRequest(height=height), timeout=SECONDS)
            assert block.log_index == 5

    run(story)


def test_money_moves_and_a_withdrawal_can_be_proved() -> None:
    async def story() -> None:
        async with serve() as served:
            world = served.world
            await submit(served, world.sign(0, Transfer(0, 3, Micros(5 * USDC))))
            withdrawn = await submit(served, world.sign(0, Withdraw(3, Micros(2 * USDC))))
            owner = address_of(trader_key(0))
            account = await served.query.GetAccount(
                query_pb2.GetAccountRequest(address=owner), timeout=SECONDS
            )
            assert {p.sub: p.balance_micros for p in account.portfolios}[3] == 3 * USDC
            listed = await served.query.GetWithdrawals(
                query_pb2.GetWithdrawalsRequest(owner=owner), timeout=SECONDS
            )
            [withdrawal] = listed.withdrawals
            assert withdrawal.amount_micros == 2 * USDC
            assert withdrawal.height == withdrawn.sequenced.header.height
            for _ in range(5):
                await submit(served, world.sign(1, limit(BUY, 5_900_000, 1)))
            again = await submit(served, world.sign(0, Withdraw(3, Micros(1 * USDC))))
            listed = await served.query.GetWithdrawals(
                query_pb2.GetWithdrawalsRequest(owner=owner), timeout=SECONDS
            )
            heights = [again.sequenced.header.height, withdrawal.height]
            assert [later.height for later in listed.withdrawals] == heights
            absent = keys.withdrawal_key(5)
            proof = await served.query.GetProof(
                query_pb2.GetProofRequest(keys=[withdrawal.key, absent], log_index=3),
                timeout=SECONDS,
            )
            tree = PartialTree.decode(proof.witness)
            assert tree.root == proof.root
            assert tree.get(withdrawal.key) == proof.values[0].value
            assert tree.get(absent) is None
            assert [value.present for value in proof.values] == [True, False]
            call = served.query.GetProof(
                query_pb2.GetProofRequest(keys=[absent], log_index=1), timeout=SECONDS
            )
            assert await code_of(call) == (grpc.StatusCode.OUT_OF_RANGE, "PRUNED")

    run(story)


def test_what_does_not_exist_is_not_found() -> None:
    async def story() -> None:
        async with serve() as served:
            query = served.query
            missing = (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
            calls = [
                query.GetBook(query_pb2.GetBookRequest(market=40), timeout=SECONDS),
                query.GetOrder(query_pb2.GetOrderRequest(order_id=10**9), timeout=SECONDS),
                query.GetBlock(query_pb2.GetBlockRequest(height=10**6), timeout=SECONDS),
                query.GetAccount(query_pb2.GetAccountRequest(account=999), timeout=SECONDS),
                query.GetSigner(query_pb2.GetSignerRequest(address=bytes(20)), timeout=SECONDS),
            ]
            for call in calls:
                assert await code_of(call) == missing
            wrong = query.GetSigner(query_pb2.GetSignerRequest(address=b"x"), timeout=SECONDS)
            assert (await code_of(wrong))[1] == "ARGUMENT_INVALID"

    run(story)
