"""What a provider's client says of an offer, before anything is paid."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from proto.sextant.v1 import l1_pb2
from prover.contract.withdrawals import sale_of
from sextant.client.api import AsyncClient
from sextant.client.sales import Appraisal, Sales, WithdrawalSale
from statemachine.records import encode_withdrawal

LEAF = encode_withdrawal(b"\x01" * 20, 100_000_000, 7)
ROOT = b"\x02" * 32


class Ledger:
    """An L1 with one claim, in block 50, and a follower that agrees with it."""

    def __init__(
        self, final: int, status: l1_pb2.L1ClaimStatus = l1_pb2.L1_CLAIM_STATUS_PENDING
    ) -> None:
        self.final = final
        self.status = status

    def l1(self) -> Any:
        return self

    async def heads(self) -> Any:
        return SimpleNamespace(final=SimpleNamespace(number=self.final))

    async def claim(self, number: int) -> Any:
        claim = l1_pb2.L1Claim(number=number, block=50, log_index=9, post_root=ROOT)
        claim.status = self.status
        return claim

    async def proof(self, keys: list[bytes], *, log_index: int) -> Any:
        assert log_index == 9
        return SimpleNamespace(root=ROOT, values=[(keys[0], LEAF)])


def appraised(ledger: Ledger, leaf: bytes = LEAF) -> Appraisal:
    sale = WithdrawalSale(
        sale=sale_of(4, leaf),
        index=4,
        claim=3,
        seller=b"\x01" * 20,
        buyer=None,
        price=Decimal(99),
        until_ms=1,
    )
    return asyncio.run(Sales(cast(AsyncClient, ledger)).appraise(sale))


def test_a_right_withdrawal_is_worth_what_it_says() -> None:
    found = appraised(Ledger(final=50))
    assert (found.objection, found.amount) == ("", Decimal(100))


def test_nothing_is_bought_under_a_claim_that_l1_may_take_back() -> None:
    found = appraised(Ledger(final=49))
    assert "may still take claim 3 back" in found.objection
    assert found.amount == 0


@pytest.mark.parametrize("status", ["CONVICTED", "ORPHANED", "SUPERSEDED"])
def test_nothing_is_bought_under_a_dead_claim(status: str) -> None:
    number = l1_pb2.L1ClaimStatus.Value(f"L1_CLAIM_STATUS_{status}")
    assert "is dead" in appraised(Ledger(99, cast(l1_pb2.L1ClaimStatus, number))).objection


def test_another_leaf_of_the_same_number_is_another_withdrawal() -> None:
    other = encode_withdrawal(b"\x01" * 20, 200_000_000, 7)
    assert "is another one" in appraised(Ledger(final=50), other).objection
