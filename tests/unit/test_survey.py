"""The survey counts every claim, however many pages they fill."""

import asyncio
from pathlib import Path

import grpc.aio
import pytest

from devnet.layout import layout_of
from devnet.survey import Surveyor
from proto.sextant.v1 import l1_pb2, l1_pb2_grpc

PAGE = 200


class ManyClaims(l1_pb2_grpc.L1Servicer):
    """An L1 of which only the claims are known; the first ``settled`` are final."""

    def __init__(self, count: int, settled: int) -> None:
        self.count = count
        self.settled = settled
        self.asked: list[int] = []

    async def ListClaims(  # noqa: N802  the wire names it
        self,
        request: l1_pb2.L1ListClaimsRequest,
        context: grpc.aio.ServicerContext[l1_pb2.L1ListClaimsRequest, l1_pb2.L1ClaimsPage],
    ) -> l1_pb2.L1ClaimsPage:
        del context
        self.asked.append(request.from_number)
        until = min(self.count, request.from_number + PAGE)
        return l1_pb2.L1ClaimsPage(
            claims=[
                l1_pb2.L1Claim(
                    number=number,
                    status=l1_pb2.L1_CLAIM_STATUS_FINAL
                    if number < self.settled
                    else l1_pb2.L1_CLAIM_STATUS_PENDING,
                )
                for number in range(request.from_number, until)
            ],
            claims_count=self.count,
        )


def test_claims_of_all_pages_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    l1 = ManyClaims(count=730, settled=500)

    async def story() -> None:
        server = grpc.aio.server()
        l1_pb2_grpc.add_L1Servicer_to_server(l1, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        layout = layout_of(0, tmp_path)
        monkeypatch.setattr("devnet.layout.Layout.address", lambda *_: f"127.0.0.1:{port}")
        surveyor = Surveyor(layout)
        try:
            for pending in (230, 230, 330):
                l1.count = 500 + pending
                facts = await surveyor.look()
                assert facts.claims_count == l1.count
                assert facts.claims_by_status == {
                    l1_pb2.L1_CLAIM_STATUS_FINAL: 500,
                    l1_pb2.L1_CLAIM_STATUS_PENDING: pending,
                }
        finally:
            await surveyor.close()
            await server.stop(None)

    asyncio.run(story())
    assert l1.asked[:4] == [0, 200, 400, 600]
    assert min(l1.asked[4:]) == 500
