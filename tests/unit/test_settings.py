"""Settings: four sources, one winner, and an origin for each value."""

import argparse
import io
import json
import logging
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from node.config_cli import add_commands
from node.settings import Settings
from node.sources import SettingsInvalid, add_flags, list_slots, load, load_arguments


def arguments_of(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_flags(parser)
    return parser.parse_args(words)


def test_the_rightmost_source_wins(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    file.write_text(
        '[grpc]\nport = 1\nrpcs_max = 10\n[l1]\ntarget = "a:1"\n[dev]\nenabled = true\n'
    )
    environ = {"SEXTANT_GRPC_PORT": "2", "SEXTANT_L1_TARGET": "b:2", "SEXTANT_OTHER": "x"}
    loaded = load_arguments(arguments_of("--config", str(file), "--grpc.port", "3"), environ)
    settings = loaded.settings
    assert (settings.grpc.port, settings.l1.target, settings.grpc.rpcs_max) == (3, "b:2", 10)
    assert settings.dev.enabled is True
    assert loaded.origins["grpc.port"] == "flag --grpc.port"
    assert loaded.origins["l1.target"] == "env SEXTANT_L1_TARGET"
    assert loaded.origins["grpc.rpcs_max"] == f"file {file}"
    assert loaded.origins["grpc.host"] == "default"


def test_defaults_are_those_of_the_records() -> None:
    assert load(None, {}, {}).settings == Settings()


def test_an_instance_moves_default_ports_only() -> None:
    flags = {"instance": "2", "metrics.port": "7000"}
    loaded = load(None, {}, flags)
    assert loaded.settings.grpc.port == 50751
    assert loaded.settings.l1.target == "127.0.0.1:50745"
    assert loaded.settings.metrics.port == 7000
    assert loaded.origins["grpc.port"] == "default, instance 2"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("grpc.port", "70000", "outside 0..65535"),
        ("grpc.port", "x", "not an integer"),
        ("dev.enabled", "maybe", "neither true nor false"),
        ("role", "king", "none of sequencer, poster, follower"),
        ("grpc.prot", "1", "did you mean 'grpc.port'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(name: str, text: str, words: str) -> None:
    with pytest.raises(SettingsInvalid, match=words) as error:
        load(None, {}, {name: text})
    assert str(error.value).startswith("flag")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[grpc]\nport = 1.5\n", "not an integer"),
        ("[grpc]\nport = true\n", "not an integer"),
        ("[grpc]\nhost = 1\n", "not a string"),
        ("[grpc\n", "line 1"),
        ("[grpcs]\nport = 1\n", "no setting 'grpcs.port'"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "node.toml"
    file.write_text(text)
    with pytest.raises(SettingsInvalid, match=words):
        load(file, {}, {})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="No such file"):
        load(tmp_path / "none.toml", {}, {})


def test_every_setting_says_what_it_is_for() -> None:
    for slot in list_slots():
        assert str(slot.limits["help"]).strip(), slot.name


def test_show_prints_values_with_their_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEXTANT_GRPC_HOST", "0.0.0.0")  # noqa: S104 - only shown
    parser = argparse.ArgumentParser()
    add_commands(parser)
    arguments = parser.parse_args(["show", "--origin", "--json", "--grpc.rpcs-max", "5"])
    with redirect_stdout(io.StringIO()) as out:
        assert arguments.run(arguments) == 0
    shown = json.loads(out.getvalue())
    assert shown["settings"]["grpc.rpcs_max"] == 5
    assert shown["origins"]["grpc.host"] == "env SEXTANT_GRPC_HOST"
    bad = parser.parse_args(["show", "--grpc.port", "x"])
    assert bad.run(bad) == 2


def test_the_log_level_names_are_those_of_logging() -> None:
    [slot] = [slot for slot in list_slots() if slot.name == "log.level"]
    names = logging.getLevelNamesMapping()
    assert slot.limits["choices"]
    assert {str(choice).upper() for choice in slot.limits["choices"]} <= set(names)


def test_no_setting_is_idle() -> None:
    folder = Path(__file__).parent.parent.parent / "node"
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in folder.rglob("*.py")
        if path.name != "settings.py"
    )
    idle = [slot.name for slot in list_slots() if f".{slot.name.rpartition('.')[2]}" not in code]
    assert set(idle) <= {"datadir", "instance"}  # read where they are declared and loaded
