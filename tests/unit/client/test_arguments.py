"""What a person types that cannot be right: one line, exit code 2, nothing sent."""

from argparse import ArgumentTypeError

import grpc
import grpc.aio
import pytest

from sextant.cli.main import main
from sextant.cli.numbers import read_span
from sextant.client.amounts import read_decimal
from sextant.client.connection import Connection, explain
from sextant.client.environment import L1, NODE, instance_of, starter_of
from sextant.client.names import read_client_id, read_ref
from sextant.errors import BadRequest, Unreachable
from tests.unit.client.fakes import FakeNode, connected, run

WRONG = [
    "order show 18446744073709551616 --as alice",
    "cancel 99999999999999999999 --as alice",
    "claim -1 --as alice",
    "claim 99999999999999999999999 --as alice",
    "block -1",
    "block 99999999999999999999999",
    "book BTC --levels -1",
    "trades BTC --limit -5",
    "trades BTC --limit 99999999999",
    "account 99999999999",
    "account --sub -1 --as alice",
    "watch blocks --from -1",
    "watch account 99999999999",
    "transfer 1 --from 300 --to 0 --as alice",
    "send 1 --to 0x12 --as alice",
    "send 0 --to 0x3333333333333333333333333333333333333333 --as alice",
    "leverage BTC -5 --as alice",
    "agent approve 0x00 --days 99999999999999999999 --as alice",
    "proof fetch cursor --log-index -1",
    "vault withdraw BTC -1 --as alice",
    "order buy BTC 1 --slippage abc --as alice",
    "order buy BTC 1 --slippage nan --as alice",
    "order buy BTC 1 --slippage 1%% --as alice",
    "order buy BTC 1 --max-fee 1e999999999 --as alice",
    "order buy BTC 1 --limit 1 --expires 9999999999d --as alice",
    "order show \u0663 --as alice",
    "deposit -1 --as alice",
    "deposit \u0661\u0662 --as alice",
    "status --timeout 0",
    "status --timeout -1",
    "status --timeout nan",
    "status --instance -1",
    "status --instance 100",
    "status --instance \u0661",
    "challenger drill --faults 0",
    "challenger drill --bystanders -1",
    "challenger explain -5",
    "challenger resume -1",
    "challenger status -1",
    "challenger watch --metrics-port 99999",
    "challenger watch --poll-ms -1",
    "challenger defend --payee zz",
    "challenger watch --archives nonsense",
    "challenger export out.json --archives 127.0.0.1:1,nonsense",
    "bond put -1 --as alice",
    "bond put 0 --as alice",
    "bond put 1e30 --as alice",
    "escape claims --owner zz",
    "escape register --fund zz --as alice",
]


@pytest.mark.parametrize("line", WRONG)
def test_what_cannot_be_right_is_bad_usage(
    line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEXTANT_NODE", "127.0.0.1:9")
    monkeypatch.setenv("SEXTANT_L1", "127.0.0.1:9")
    assert main(line.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    said = shown.err.strip().splitlines()
    # argparse repeats the usage first; what is wrong is on the last line.
    assert said[-1].startswith("sextant")
    assert "Traceback" not in shown.err
    assert "L1" not in shown.err


def test_the_environment_names_an_instance_or_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SEXTANT_NODE", raising=False)
    monkeypatch.setenv("SEXTANT_INSTANCE", "7")
    assert NODE.resolve() == "127.0.0.1:51251"
    assert (instance_of(), instance_of(3)) == (7, 3)
    for wrong in ("abc", "-1", "100", "1.5", "\u0661"):
        monkeypatch.setenv("SEXTANT_INSTANCE", wrong)
        with pytest.raises(BadRequest) as caught:
            L1.resolve()
        assert caught.value.code == "INSTANCE"
        assert main(["status"]) == 2
        assert "SEXTANT_INSTANCE" in capsys.readouterr().err
    assert L1.resolve("there:1") == "there:1"
    monkeypatch.setenv("SEXTANT_INSTANCE", "")
    assert instance_of() == 0


def test_advice_names_the_instance() -> None:
    assert starter_of("127.0.0.1:50551") == "sextant devnet up"
    assert starter_of("127.0.0.1:51251") == "sextant devnet up --instance 7"
    assert starter_of("the L1 at 127.0.0.1:50645") == "sextant devnet up --instance 1"
    assert starter_of("example.org:51251") == starter_of("127.0.0.1:9") == "sextant devnet up"


def failed(status: grpc.StatusCode, details: str) -> grpc.aio.AioRpcError:
    nothing = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(status, nothing, nothing, details, None)


def test_what_grpc_says_is_put_into_words() -> None:
    away = explain(
        failed(
            grpc.StatusCode.UNAVAILABLE,
            "failed to connect: [DNS resolution failed for foo:1: Domain name not found]",
        ),
        target="foo:1",
    )
    assert isinstance(away, Unreachable)
    assert "(Domain name not found)" in away.message
    other = explain(failed(grpc.StatusCode.UNIMPLEMENTED, "Method not found!"), target="here:50545")
    assert isinstance(other, BadRequest)
    assert "here:50545" in other.message
    assert "50551" in other.advice


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_call_takes_time(seconds: float) -> None:
    with pytest.raises(BadRequest) as caught:
        Connection(timeout=seconds)
    assert caught.value.code == "TIMEOUT"


def test_numbers_that_no_field_holds_are_refused_before_they_are_sent() -> None:
    async def story() -> None:
        async with connected(FakeNode()) as client:
            for ask in (
                client.block(-1),
                client.block(1 << 64),
                client.book("BTC", levels=-1),
                client.trades("BTC", limit=1 << 32),
                client.account(1 << 32),
                client.account(-1),
                client.withdrawal(-1),
                client.claim_withdrawal(-1),
                client.order(bytes(16), account=0, sub=256),
                client.proof([b"k"], log_index=-1),
            ):
                with pytest.raises(BadRequest):
                    await ask

    run(story())


def test_digits_are_those_of_ascii() -> None:
    for read in (read_decimal, read_ref, read_client_id):
        with pytest.raises(BadRequest):
            read("\u0661" * 32)
    with pytest.raises(BadRequest):
        read_decimal("\u0661\u0662")
    for number in (-1, 1 << 64):
        with pytest.raises(BadRequest) as caught:
            read_ref(number)
        assert caught.value.code == "ORDER"
    assert read_ref((1 << 64) - 1) == (1 << 64) - 1


def test_durations_are_read_and_nonsense_is_refused() -> None:
    spans = {"90s": 90_000, "30m": 1_800_000, "8h": 28_800_000, "1d": 86_400_000, "250ms": 250}
    assert {text: read_span(text) for text in spans} == spans
    for nonsense in ("", "h", "-1h", "1.5h", "8 h", "\u0661h", "99999999999999999999d", "20000d"):
        with pytest.raises(ArgumentTypeError):
            read_span(nonsense)
