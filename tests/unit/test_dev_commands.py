"""The developer's commands: which devnet they mean, and what they refuse to ask of it."""

import argparse
from pathlib import Path

import pytest

from devnet.place import add_place, place_of
from sextant.cli.main import build_parser, main
from sextant.errors import BadRequest

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
    ):
        arguments = build_parser(words[0]).parse_args(words[1:])
        assert (arguments.instance, arguments.datadir) == (None, None)


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
