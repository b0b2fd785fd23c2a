"""The developer's commands: which devnet they mean, and what they refuse to ask of it."""

import argparse
import asyncio
from pathlib import Path

import pytest

from devnet.l1.server import Stub, StubSettings
from devnet.place import add_place, place_of
from node.cli import read_fields
from proto.sextant.v1 import status_pb2
from sextant.cli.main import build_parser, main
from sextant.errors import BadRequest
from tests.l1_worlds import deployment, judge_by_truth
from tests.ports import layout_to_test

WRONG = [
    "dev mine -5",
    "dev mine 0",
    "dev mine 99999999999",
    "dev warp 99999999999999999999d",
    "dev warp 90",
    "dev faucet alice --usdc -5",
    "dev faucet alice --usdc 1e30",
    "dev faucet alice --eth nan",
    "dev faucet alice --eth 0.0000000001",
    "dev corrupt-next-claim --segment -1",
    "dev keys nobody",
    "dev mine --instance -1",
    "dev mine --instance 200",
    "devnet status --instance 200",
    "devnet logs --lines -1",
    "node status --instance 200",
    "bot maker --identity maker-0 --instance 200",
]


@pytest.mark.parametrize("line", WRONG)
def test_what_cannot_be_right_is_bad_usage(
    line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEXTANT_INSTANCE", "97")
    assert main(line.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[-1].startswith("sextant")
    assert "Traceback" not in shown.err


def test_commands_of_a_devnet_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = argparse.ArgumentParser()
    add_place(parser)
    monkeypatch.setenv("SEXTANT_INSTANCE", "3")
    assert place_of(parser.parse_args([])).instance == 3
    assert place_of(parser.parse_args(["--instance", "0"])).instance == 0
    monkeypatch.setenv("SEXTANT_INSTANCE", "abc")
    with pytest.raises(BadRequest):
        place_of(parser.parse_args([]))
    for words in (
        ("dev", "mine"),
        ("devnet", "up"),
        ("devnet", "logs"),
        ("bot", "taker", "--identity", "taker-0"),
        ("replay", "file"),
        ("challenger", "watch"),
        ("challenger", "explain", "1"),
        ("challenger", "export", "file"),
        ("oracle", "run", "--publisher", "0", "--held", "file"),
    ):
        arguments = build_parser(words[0]).parse_args(words[1:])
        assert (arguments.instance, getattr(arguments, "datadir", None)) == (None, None)


def test_the_challengers_l1_and_the_oracles_node_follow_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    class Asked(Exception):
        """Somebody was to be asked."""

    def ask(target: str, *_: object, **__: object) -> object:
        asked.append(target)
        raise Asked

    for module in ("bundles", "commands"):
        monkeypatch.setattr(
            f"prover.cli.{module}.connect_by", lambda _: lambda target, _key: ask(target)
        )
    monkeypatch.setattr("sextant.client.session.Session", ask)
    for variable in ("SEXTANT_L1", "SEXTANT_NODE"):
        monkeypatch.delenv(variable, raising=False)
    oracle = "oracle run --publisher 0 --held file"
    for line in ("challenger explain 1", "challenger export file", "challenger watch", oracle):
        for variable, options in (("3", ""), ("3", " --instance 4"), ("", "")):
            monkeypatch.setenv("SEXTANT_INSTANCE", variable)
            words = (line + options).split()
            arguments = build_parser(words[0]).parse_args(words[1:])
            with pytest.raises(Asked):
                arguments.run(arguments)
    ports = {target.rpartition(":")[2] for target in asked}
    assert ports == {"50845", "50945", "50545", "50851", "50951", "50551"}


def test_who_is_away_is_named_with_its_instance(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SEXTANT_NODE", raising=False)
    monkeypatch.setenv("SEXTANT_INSTANCE", "97")
    assert main(["node", "status"]) == 3
    assert "127.0.0.1:60251" in (said := capsys.readouterr().err)
    assert "`sextant devnet up --instance 97`" in said
    assert main(["dev", "mine", "--datadir", str(tmp_path)]) == 3
    assert "`sextant devnet up --instance 97`" in capsys.readouterr().err


def test_a_clock_goes_forward_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "warp", "-5m"]) == 2
    assert "'-5m': a chain's clock only goes forward, such as 5m" in capsys.readouterr().err
    assert main(["dev", "warp", "--jsn"]) == 2
    assert "the following arguments are required: by" in capsys.readouterr().err


def test_what_l1s_controls_refuse_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = layout_to_test(range(70, 76), tmp_path)

    async def story() -> int:
        port = layout.port("l1_dev")
        settings = StubSettings(datadir=tmp_path / "l1", port=0, dev_port=port, block_ms=0)
        stub = Stub(settings, deployment(), judge_by_truth)
        await stub.start()
        work = asyncio.create_task(stub.run())
        words = ["dev", "reorg", "500", "--instance", str(layout.instance)]
        code = await asyncio.to_thread(main, [*words, "--datadir", str(tmp_path)])
        stub.stop()
        await work
        return code

    assert asyncio.run(story()) == 2
    said = capsys.readouterr().err
    assert said.startswith("sextant: ARGUMENT_INVALID: depth 500: blocks after the final one are")
    assert said.count("INVALID") == 1


def test_a_nodes_status_is_in_hex_and_exact() -> None:
    told = status_pb2.Status(rollup=b"\xba\x2b", ready=True)
    told.unsafe_head.height, told.unsafe_head.time_ms = 2**63, 5
    assert read_fields(told) == {
        "rollup": "0xba2b",
        "unsafe_head": {"height": str(2**63), "time_ms": "5"},
        "ready": True,
    }
