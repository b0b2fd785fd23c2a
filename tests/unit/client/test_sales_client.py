"""What a provider's client says of an offer, before anything is paid."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from proto.sextant.v1 import l1_pb2
from prover.contract.withdrawals import sale_of
from sextant.cli.main import build_parser
from sextant.client.api import AsyncClient
from sextant.client.sales import Appraisal, Sales, WithdrawalSale
from sextant.errors import OutcomeUnknown
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


class Market:
    """Three offers; L1 does not say what became of the first purchase."""

    def __init__(self) -> None:
        self.l1 = self
        self.bought: list[int] = []

    async def clock_ms(self) -> int:
        return 0

    async def offers(self) -> list[WithdrawalSale]:
        return [
            WithdrawalSale(
                sale=bytes([index]) * 32,
                index=index,
                claim=3,
                seller=b"\x01" * 20,
                buyer=None,
                price=Decimal(40),
                until_ms=1,
            )
            for index in range(3)
        ]

    async def appraise(self, sale: WithdrawalSale) -> Appraisal:
        return Appraisal(sale=sale, amount=Decimal(50), objection="")

    async def buy(self, sale: WithdrawalSale) -> None:
        self.bought.append(sale.index)
        if sale.index == 0:
            raise OutcomeUnknown("STILL_WAITING", "it waits")


def test_a_purchase_that_may_still_come_counts_as_spent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    market = Market()
    monkeypatch.setattr(
        "sextant.cli.sale.run_on_l1", lambda _arguments, _kind, work: asyncio.run(work(market))
    )
    words = ["provide", "--fee-min", "0.2%", "--most", "100", "--once"]
    arguments = build_parser("sale").parse_args(words)
    assert arguments.run(arguments) == 0
    assert market.bought == [0, 1], "of 100, 80 are spent, though one may be in vain"
    assert "withdrawal 0: its price counts as spent" in capsys.readouterr().err
