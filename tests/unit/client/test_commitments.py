"""Commitments: whoever was killed between one and its proof goes on, and pays for one alone."""

import asyncio
import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proto.sextant.v1 import l1_pb2
from prover.contract.calls import Call, CommitFault, ProveEquivocation, SlashAttesters
from prover.l1 import CallReceipt, Heads, L1Unreachable
from prover.traffic import key_of
from sextant.cli.main import main
from sextant.client.attesters import Attesters
from sextant.client.commitments import CommitmentStore, purpose_of
from sextant.client.l1_sender import L1Receipt
from sextant.errors import OutcomeUnknown, Rejected
from statemachine.identity.signing import address_of
from tests.simulation.memory_l1 import MemoryL1
from tests.unit.test_promises import BOND, Exchange

ACCUSER_KEY = key_of("defender")
ACCUSER = address_of(ACCUSER_KEY)


def test_a_salt_is_kept_whole_until_it_is_forgotten(tmp_path: Path) -> None:
    store, purpose = CommitmentStore(tmp_path / "salts"), purpose_of(b"one", b"payee")
    drawn = store.draw(purpose)
    assert store.draw(purpose) != drawn, "nothing was committed to yet"
    store.keep(purpose, drawn)
    assert CommitmentStore(tmp_path / "salts").draw(purpose) == drawn
    assert store.draw(purpose_of(b"on", b"epayee")) != drawn
    path = store.path_of(purpose)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    path.write_text("00")
    assert len(store.draw(purpose)) == 32, "what is no salt is none"
    store.forget(purpose)
    store.forget(purpose)
    assert not path.exists()


class Court(MemoryL1):
    """An L1 that ends the accuser when he is about to show his proof, so many times."""

    deaths = 0
    said: list[Call]
    finals: list[bool]
    """Of each proof: whether the commitment was final when it was shown."""

    async def head(self) -> Heads:
        self.chain.mine(1, step_ms=100)
        return await super().head()

    async def send(self, call: Call, *, fee_max: int = 0) -> CallReceipt:
        self.said.append(call)
        if isinstance(call, ProveEquivocation):
            table, final = self.chain.contract.state.commitments, (await super().head()).final
            (made,) = [table.get(name) for name in table]
            self.finals.append(made is not None and made.block <= final.number)
        if isinstance(call, ProveEquivocation) and self.deaths:
            self.deaths -= 1
            raise L1Unreachable("killed")
        return await super().send(call, fee_max=fee_max)


def test_an_accuser_who_was_killed_opens_what_he_committed_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    exchange = Exchange()
    exchange.deployment = replace(exchange.deployment, commitment_blocks_min=1)
    exchange.chain.rules = exchange.chain.contract.rules = exchange.deployment
    exchange.extend()
    cursor = exchange.ends()[0]
    words = ["receipt", "accuse", "--store", str(tmp_path / "none"), "--l1", "nowhere:1"]
    for number in range(2):
        block = exchange.sign(cursor, cost=cursor.cost + number)
        header = {"cursor": block.cursor.hex(), "signature": block.signature.hex()}
        (tmp_path / str(number)).write_text(json.dumps({"header": header}))
        words.append(str(tmp_path / str(number)))
    key = tmp_path / "key"
    key.write_text(ACCUSER_KEY.hex())
    key.chmod(0o600)
    court = Court(exchange.chain, ACCUSER)
    court.deaths, court.said, court.finals = 1, [], []
    monkeypatch.setattr("sextant.cli.accuse.connect", lambda *_, **__: court)
    before = exchange.eth(ACCUSER)

    assert main([*words, "--dry-run"]) == 0
    assert not court.said
    assert not CommitmentStore().directory.exists(), "nothing is committed to"
    assert main([*words, "--key-file", str(key)]) == 3
    assert "committed in L1 block" in capsys.readouterr().err
    assert len(list(CommitmentStore().directory.iterdir())) == 1
    assert main([*words, "--key-file", str(key)]) == 0
    assert "the commitment stands from before" in capsys.readouterr().err
    commitments = [call for call in court.said if isinstance(call, CommitFault)]
    assert commitments[0] == commitments[1], "the same, which L1 has"
    assert not exchange.chain.contract.state.commitments, "none was paid for in vain"
    assert court.finals == [True, True], "no re-org makes it public and takes it back"
    assert exchange.eth(ACCUSER) == before + BOND - BOND // 2
    assert not list(CommitmentStore().directory.iterdir()), "everybody knows it now"


class SlashingL1:
    """An L1 as whoever slashes sees it; its user is killed before his first proof."""

    def __init__(self) -> None:
        self.commitments: list[bytes] = []
        self.proofs: list[SlashAttesters] = []
        self.number = self.made_at = 7

    async def claim(self, number: int) -> l1_pb2.L1Claim:
        return l1_pb2.L1Claim(number=number, output=b"output")

    async def attesters(self) -> l1_pb2.L1Attesters:
        about = l1_pb2.L1Attestation(claim=3, output_hash=bytes(32), signers=b"\x01")
        return l1_pb2.L1Attesters(attestations=[about])

    async def deployment(self) -> l1_pb2.L1Deployment:
        return l1_pb2.L1Deployment(contract=bytes(20), commitment_blocks_min=2, window_ms=60_000)

    async def heads(self) -> l1_pb2.L1Heads:
        self.number += 1
        latest = l1_pb2.L1BlockRef(number=self.number)
        return l1_pb2.L1Heads(latest=latest, final=l1_pb2.L1BlockRef(number=self.number - 4))

    async def height(self) -> int:
        return self.number

    async def send(self, call: Call) -> L1Receipt:
        if isinstance(call, CommitFault):
            if call.commitment in self.commitments:
                raise Rejected("COMMITMENT_EXISTS", "it came before")
            self.commitments.append(call.commitment)
            self.made_at = self.number
        elif isinstance(call, SlashAttesters):
            self.proofs.append(call)
            assert self.number >= self.made_at + 4, "it is final"
            if len(self.proofs) == 1:
                raise OutcomeUnknown("DEADLINE", "killed")
        return L1Receipt(hash=bytes(32), block=self.number, kind="", value=5, gas=0)


class Client:
    """A client of that L1."""

    address = bytes(20)

    def __init__(self, l1: SlashingL1) -> None:
        self._l1 = l1

    def l1(self) -> SlashingL1:
        return self._l1


def test_who_slashes_and_was_killed_commits_to_the_same(tmp_path: Path) -> None:
    l1, store = SlashingL1(), CommitmentStore(tmp_path)
    client: Any = Client(l1)
    bls: Any = object()

    async def slash() -> L1Receipt:
        return await Attesters(client, bls, store).slash(3)

    with pytest.raises(OutcomeUnknown):
        asyncio.run(slash())
    assert asyncio.run(slash()).value == 5
    assert len(l1.commitments) == 1
    assert l1.proofs[0] == l1.proofs[1]
    assert not list(tmp_path.iterdir())
