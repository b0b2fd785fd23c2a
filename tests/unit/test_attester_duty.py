"""An attester on duty: he signs what is right for good, once, and nothing else."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from node.storage.database import Database
from prover.attester import Attester, Seal
from prover.cases import JudgedClaim, Standing
from prover.contract.attesters import attestation_digest
from prover.contract.calls import Attest
from prover.contract.codes import ContractCode
from prover.contract.records import Claim, ClaimStatus
from prover.keeper import SCHEMA
from prover.l1 import CallReceipt, L1Block, L1Refused, PostedClaim
from prover.patrol import Patrol
from prover.vows import Vows
from statemachine.errors import StorageCorrupt
from tests.fake_bls import FakeBls
from tests.l1_worlds import PROPOSER, deployment, true_output

RULES = deployment()
SECRET = 77


def claims() -> dict[int, JudgedClaim]:
    """Return four pending claims in a row, all found right."""
    found, parent = {}, RULES.genesis
    for number in range(1, 5):
        output, trace = true_output(parent)
        claim = Claim(number, number - 1, output, PROPOSER, 0, 0, 1, ClaimStatus.PENDING)
        found[number] = JudgedClaim(PostedClaim(claim, tuple(trace)), 0, Standing.AGREED)
        parent = output
    return found


class Post:
    """An L1 that answers as it is told, and a patrol whose rounds find nothing new."""

    def __init__(self, found: dict[int, JudgedClaim], next_entry: int = 4) -> None:
        docket = SimpleNamespace(claims=found)
        self.core = SimpleNamespace(docket=docket, next_entry=next_entry, deployment=RULES)
        self.l1 = self
        self.code = ContractCode.OK
        self.refuses = self.dies = False
        self.sent: list[Attest] = []
        self.notes: list[str] = []
        self.fork = b"one"
        self.asked = 0
        self.seen = SimpleNamespace(final=SimpleNamespace(number=0))

    async def block(self, number: int) -> L1Block | None:
        self.asked += 1
        return None if self.fork == b"none" else L1Block(number, self.fork.ljust(32), 0)

    async def make_round(self) -> None:
        """Find nothing new."""

    async def send(self, call: Attest, *, fee_max: int = 0) -> CallReceipt:
        assert not fee_max
        if self.refuses:
            raise L1Refused("no gas")
        if self.dies:
            raise KeyboardInterrupt
        self.sent.append(call)
        return CallReceipt(b"", 1, self.code, self.code.name, 5, 0)

    def note(self, level: str, text: str) -> None:
        self.notes.append(f"{level}: {text}")


def attester(post: Post, every: int = 1, vows: Vows | None = None) -> Attester:
    return Attester(cast(Patrol, cast(Any, post)), Seal(3, SECRET, FakeBls()), every, vows)


def rounds(duty: Attester, count: int = 1) -> None:
    for _ in range(count):
        asyncio.run(duty.make_round())


def numbers(post: Post) -> list[int]:
    return [call.claim for call in post.sent]


def test_every_claim_that_is_right_is_attested_once() -> None:
    post = Post(claims())
    rounds(attester(post), 3)
    assert numbers(post) == [1, 2, 3, 4]
    digest = attestation_digest(
        RULES.l1_chain_id, RULES.rules.rollup, post.core.docket.claims[1].output_hash
    )
    assert post.sent[0] == Attest(1, b"\x08", FakeBls().sign(SECRET, digest))


def test_what_is_wrong_waits_or_is_decided_is_not_attested() -> None:
    found = claims()
    found[1].standing = Standing.WRONG
    found[2].standing = Standing.WAITING
    found[3].standing = Standing.DOOMED
    posted = found[4].posted
    found[4].posted = replace(posted, claim=replace(posted.claim, status=ClaimStatus.FINAL))
    post = Post(found)
    rounds(attester(post))
    assert post.sent == []


def test_nothing_is_attested_that_l1_may_take_back() -> None:
    post = Post(claims(), next_entry=2)
    duty = attester(post)
    rounds(duty)
    assert numbers(post) == [1, 2]
    post.core.next_entry = 3
    rounds(duty)
    assert numbers(post) == [1, 2, 3]


def test_only_every_nth_log_entry_is_attested() -> None:
    post = Post(claims())
    rounds(attester(post, every=2))
    assert numbers(post) == [2, 4]


def test_an_answer_that_may_change_is_asked_for_again() -> None:
    post = Post(claims(), next_entry=1)
    post.code = ContractCode.GAS_FUNDS
    duty = attester(post)
    rounds(duty, 2)
    assert numbers(post) == [1, 1]
    post.code = ContractCode.SIGNERS
    rounds(duty, 2)
    assert numbers(post) == [1, 1, 1]


@pytest.mark.parametrize("fork", [b"another", b"none"])
def test_what_l1_took_back_is_sent_again(fork: bytes) -> None:
    post = Post(claims(), next_entry=1)
    duty = attester(post)
    rounds(duty, 2)
    assert numbers(post) == [1]
    post.fork = fork
    rounds(duty)
    post.fork = b"another"
    rounds(duty, 2)
    assert numbers(post) == [1, 1] + [1] * (fork == b"none")


def test_what_l1_takes_back_no_more_is_not_looked_at_again() -> None:
    post = Post(claims(), next_entry=1)
    duty = attester(post)
    post.seen.final.number = 1
    rounds(duty, 2)
    asked = post.asked
    rounds(duty, 5)
    assert (post.asked, numbers(post)) == (asked, [1])


def test_a_refusal_is_told_and_tried_again() -> None:
    post = Post(claims(), next_entry=1)
    post.refuses = True
    duty = attester(post)
    rounds(duty)
    assert post.notes == ["alert: claim 1: L1 refuses the attestation: no gas"]
    post.refuses = False
    rounds(duty)
    assert numbers(post) == [1]


@contextmanager
def life(folder: Path, post: Post, key: bytes = b"one") -> Iterator[Attester]:
    """Let an attester live from a start to a kill."""
    with Database(folder / "store", SCHEMA) as disk:
        yield attester(post, vows=Vows(disk, key))


def otherwise(found: dict[int, JudgedClaim], number: int) -> None:
    """Have the same log entry claimed, and found right, with another root."""
    posted = found[number].posted
    output = replace(posted.claim.output, post_root=b"\x66" * 32)
    claim = replace(posted.claim, output=output)
    found[number] = JudgedClaim(PostedClaim(claim, posted.trace), 0, Standing.AGREED)


def test_a_restart_sends_nothing_again(tmp_path: Path) -> None:
    post = Post(claims())
    for _ in range(3):
        with life(tmp_path, post) as duty:
            rounds(duty, 2)
    assert numbers(post) == [1, 2, 3, 4]
    post.fork = b"another"
    with life(tmp_path, post) as duty:
        rounds(duty)
    assert numbers(post) == [1, 2, 3, 4] * 2, "L1 took them back meanwhile"


def test_a_kill_before_the_answer_leaves_a_vow(tmp_path: Path) -> None:
    """What may have been sent is the only output of its entry that he ever signs."""
    post = Post(claims(), next_entry=2)
    post.dies = True
    with life(tmp_path, post) as duty, pytest.raises(KeyboardInterrupt):
        rounds(duty)
    assert post.sent == []
    post.dies = False
    otherwise(post.core.docket.claims, 1)
    for _ in range(2):
        with life(tmp_path, post) as duty:
            rounds(duty, 3)
    assert numbers(post) == [2], "of entry 0 another output has the vow"
    assert [note.split(":")[0] for note in post.notes if "one of them is wrong" in note] == [
        "alert"
    ] * 2, "said once in each life"
    with life(tmp_path, post, key=b"two") as duty:
        rounds(duty)
    assert numbers(post) == [2, 1, 2], "the vows of one key do not bind another"


def test_no_entry_is_vouched_for_twice_in_one_life_either() -> None:
    post = Post(claims(), next_entry=1)
    duty = attester(post)
    rounds(duty)
    otherwise(post.core.docket.claims, 1)
    rounds(duty, 2)
    assert numbers(post) == [1]
    assert len(post.notes) == 2


def test_a_vow_that_cannot_be_read_is_no_fresh_start(tmp_path: Path) -> None:
    post = Post(claims(), next_entry=1)
    with life(tmp_path, post) as duty:
        rounds(duty)
    with Database(tmp_path / "store", SCHEMA) as disk:
        [(name, value)] = list(disk.scan(b"v", b"w"))
        disk.put(name, value[:-1], sync=True)
        with pytest.raises(StorageCorrupt, match="log entry 1"):
            Vows(disk, b"one")
