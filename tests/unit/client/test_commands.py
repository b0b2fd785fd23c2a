"""The command line: every command says what it is for, and answers programs."""

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sextant.cli.main import COMMANDS, build_parser, execute, main
from sextant.cli.options import node_target

OWN = [name for name, command in COMMANDS.items() if command.module.startswith("sextant.")]
HELP_SECONDS_MAX = 2.0
HEAVY = ("grpc", "google", "coincurve", "rich", "asyncio", "plyvel", "Crypto")


def leaves_of(
    parser: argparse.ArgumentParser, name: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield name, parser
    for group in groups:
        for word, child in group.choices.items():
            yield from leaves_of(child, f"{name} {word}")


LEAVES = [leaf for name in OWN for leaf in leaves_of(build_parser(name), name)]


@pytest.fixture
def parser_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for variable in ("SEXTANT_NODE", "SEXTANT_INSTANCE", "SEXTANT_KEY_FILE", "SEXTANT_L1"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(("name", "parser"), LEAVES, ids=[name for name, _ in LEAVES])
def test_every_command_has_help_json_and_something_to_run(
    name: str, parser: argparse.ArgumentParser
) -> None:
    options = {text for action in parser._actions for text in action.option_strings}
    assert {"--json", "--help"} <= options, name
    assert callable(parser.get_default("run")), name
    for action in parser._actions:
        assert action.help, f"{name}: {action.dest} has no help"
    assert parser.format_help()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_listed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    assert f"  {name} " in listed
    assert COMMANDS[name].summary in listed


def test_each_group_is_listed_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    heads = re.findall(r"(?m)^([a-z]+):$", capsys.readouterr().out)
    assert len(heads) == len(set(heads))
    assert {command.group for command in COMMANDS.values()} <= set(heads)


def test_examples_have_a_line_each() -> None:
    lines = build_parser("bond").format_help().splitlines()
    place = lines.index("examples:")
    assert lines[place + 1] == "  sextant bond status"
    assert lines[place + 2].startswith("  sextant bond put ")


@pytest.mark.parametrize("name", OWN)
def test_help_of_each_command_works(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"sextant {name}" in capsys.readouterr().out


def test_root_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from sextant.cli.main import main; main(['--help']);"
        f"found = [m for m in {HEAVY!r} if m in sys.modules]; sys.exit(str(found) if found else 0)"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    # Generous: what counts is that nothing heavy was imported, and that is checked above.
    assert time.monotonic() - start < HELP_SECONDS_MAX


@pytest.mark.usefixtures("parser_only")
def test_usage_errors_exit_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["odrer"]) == 2
    assert "did you mean `order`?" in capsys.readouterr().err
    assert main(["order", "buy"]) == 2
    assert main(["order"]) == 2
    assert main(["cancel"]) == 2
    assert main(["cancel", "1", "--all"]) == 2
    assert main(["tx", "nonsense"]) == 2
    assert main(["--nonsense"]) == 2


def test_version(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRPC_VERBOSITY", raising=False)
    assert main(["--version"]) == 0
    assert os.environ["GRPC_VERBOSITY"] == "ERROR"
    assert capsys.readouterr().out.startswith("sextant ")


@pytest.mark.usefixtures("parser_only")
def test_errors_are_for_programs_with_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = str(tmp_path / "nothing")
    assert main(["wallet", "address", "--key-file", missing, "--json"]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    error = json.loads(shown.err)
    assert error["schema"] == "sextant.error.v1"
    assert error["code"] == "KEY_MISSING"
    assert "sextant wallet new" in error["advice"]
    for words in (["order", "buy", "--json"], ["tx", "--json", "--nonsense"], ["claim", "-1"]):
        assert main([*words, "--json"]) == 2
        error = json.loads(capsys.readouterr().err)
        assert error["code"] == "USAGE"
        assert error["message"].startswith(f"sextant {words[0]}")
        assert "--help" in error["advice"]
    nowhere = ["--l1", "127.0.0.1:9", "--json"]
    monkeypatch.setattr("prover.inquiry.LOOK_SECONDS_MAX", 0.2)
    for words in (["bond", "status"], ["receipt", "accuse", "--dry-run", "--store", str(tmp_path)]):
        assert main([*words, *nowhere]) == 3
        error = json.loads(capsys.readouterr().err)
        assert error["code"] == "L1_UNREACHABLE"
        assert error["message"].startswith("no answer from L1 at 127.0.0.1:9")
    assert main(["proof", "verify", missing, "--json"]) == 3
    error = json.loads(capsys.readouterr().err)
    assert (error["code"], error["message"]) == ("FILE", f"{missing}: No such file or directory")


@pytest.mark.usefixtures("parser_only")
def test_wallet_never_prints_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "key"
    assert main(["wallet", "new", "--out", str(path), "--json"]) == 0
    shown = capsys.readouterr()
    made = json.loads(shown.out)
    key = path.read_text().strip()
    assert key not in shown.out + shown.err
    assert main(["wallet", "address", "--key-file", str(path)]) == 0
    assert capsys.readouterr().out.strip() == made["address"]
    assert main(["wallet", "new", "--out", str(path)]) == 2
    path.chmod(0o644)
    assert main(["wallet", "address", "--key-file", str(path)]) == 3
    assert key not in capsys.readouterr().err


@pytest.mark.usefixtures("parser_only")
def test_unreachable_node_exits_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--node", "127.0.0.1:9", "--timeout", "2"]) == 3
    assert "sextant devnet up" in capsys.readouterr().err


def test_target_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = build_parser("status")

    def target(*words: str) -> str:
        return node_target(parser.parse_args(words))

    monkeypatch.delenv("SEXTANT_NODE", raising=False)
    monkeypatch.delenv("SEXTANT_INSTANCE", raising=False)
    assert target() == "127.0.0.1:50551"
    assert target("--instance", "2") == "127.0.0.1:50751"
    monkeypatch.setenv("SEXTANT_INSTANCE", "1")
    assert target() == "127.0.0.1:50651"
    monkeypatch.setenv("SEXTANT_NODE", "example:1")
    assert target() == "example:1"
    assert target("--instance", "2") == "127.0.0.1:50751"
    assert target("--node", "other:2", "--instance", "2") == "other:2"


def test_an_interrupted_command_ends_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> argparse.ArgumentParser:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    try:
        # The parser's module may still be loading when ctrl-C comes.
        monkeypatch.setattr("sextant.cli.main.build_parser", interrupt)
        assert main(["watch", "blocks"]) == 130
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == ""


def test_an_interrupted_command_says_what_it_may_have_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(_arguments: argparse.Namespace) -> int:
        try:
            sent = asyncio.CancelledError()
            sent.add_note("the call may have been sent")
            raise sent
        except asyncio.CancelledError:
            raise KeyboardInterrupt  # noqa: B904 - as asyncio.run does

    before = signal.getsignal(signal.SIGINT)
    try:
        assert execute(argparse.Namespace(run=run)) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "sextant: the call may have been sent\n"


@pytest.mark.parametrize(("word", "asset"), [("usdc", None), ("USDC", None), ("wsteth", "wsteth")])
def test_usdc_is_what_stands_where_no_asset_does(word: str, asset: str | None) -> None:
    assert build_parser("deposit").parse_args(["1", "--asset", word]).asset == asset
