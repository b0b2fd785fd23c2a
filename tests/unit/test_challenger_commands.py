"""What the challenger's commands say when they cannot go on: one line, soon, in plain words."""

import asyncio
import socket
from pathlib import Path

import pytest

from prover.inquiry import announced
from sextant.cli.main import main

NOWHERE = "/nonexistent/place"


@pytest.mark.parametrize(
    "target", ["nonsense", "http://127.0.0.1:1", "host:", ":1", "a b:1", "h:0"]
)
@pytest.mark.parametrize("command", ["watch", "explain 1", "export out.json"])
def test_nonsense_for_l1_is_bad_usage(
    command: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["challenger", *command.split(), "--l1", target]) == 2
    assert "is no HOST:PORT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("challenger", "verify-batch", NOWHERE), "No such file or directory"),
        (("challenger", "explain", "1", "--file", NOWHERE), "No such file or directory"),
        (("challenger", "status", "--datadir", NOWHERE), "no challenger keeps its state in"),
        (("replay", NOWHERE), "No such file or directory"),
        (("replay", "."), "Is a directory"),
    ],
)
def test_missing_file_is_said_in_one_plain_line(
    words: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 3
    told = capsys.readouterr().err
    assert why in told
    assert "Errno" not in told
    assert told.count("\n") == 1


def test_silent_l1_is_announced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prover.inquiry.SILENCE_SECONDS_MAX", 0.01)

    async def story() -> None:
        never: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(announced(never, "127.0.0.1:1"), 0.2)
        assert never.cancelled()

    asyncio.run(story())
    assert capsys.readouterr().err == "sextant: waiting for L1 at 127.0.0.1:1\n"


def test_commands_that_look_once_give_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prover.inquiry.LOOK_SECONDS_MAX", 0.2)
    with socket.socket() as listener:  # accepts, and says nothing
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        target = f"127.0.0.1:{listener.getsockname()[1]}"
        assert main(["challenger", "export", str(tmp_path / "x"), "--l1", target]) == 3
    assert f"no answer from L1 at {target}" in capsys.readouterr().err
