"""Keys: never shown, never on the command line, never from an open file."""

import errno
import json
import logging
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from sextant.client.keys import load_key, make_key, parse_key, write_private_file
from sextant.client.keystore import open_keystore, seal_keystore
from sextant.client.secret import Secret
from sextant.errors import BadRequest, KeyUnreadable
from statemachine.identity.signing import address_of

HEX = "0123456789abcdef" * 4
LIGHT_WORK = 1 << 4


def test_secret_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    secret = parse_key(HEX)
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("key %s %r", secret, {"key": secret})
    assert HEX not in caplog.text
    assert f"{secret}" == repr(secret) == "***"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret == parse_key(f"0x{HEX}")
    assert secret != make_key()


@pytest.mark.parametrize("text", ["", "00" * 32, "ff" * 32, "ab", "zz" * 32, "ab" * 33])
def test_bad_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_key(text)
    assert caught.value.code == "KEY"
    assert not text or text not in str(caught.value)
    assert caught.value.__cause__ is None


def test_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key"
    write_private_file(path, HEX)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path) == parse_key(HEX)
    with pytest.raises(BadRequest) as caught:
        write_private_file(path, HEX)
    assert caught.value.code == "KEY_EXISTS"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_exposed_file_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_text(HEX)
    path.chmod(mode)
    with pytest.raises(KeyUnreadable) as caught:
        load_key(path)
    assert caught.value.code == "KEY_EXPOSED"
    assert "chmod 600" in caught.value.advice


def test_key_comes_from_a_named_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MY_KEY", HEX)
    assert load_key(variable="MY_KEY") == parse_key(HEX)
    with pytest.raises(KeyUnreadable):
        load_key(variable="NOT_THERE")
    write_private_file(tmp_path / "key", HEX)
    monkeypatch.setenv("SEXTANT_KEY_FILE", str(tmp_path / "key"))
    assert load_key() == parse_key(HEX)


def test_keystore_is_readable_by_others_and_theirs_by_us(tmp_path: Path) -> None:
    secret = make_key()
    ours = seal_keystore(secret, "pass", address_of(secret.reveal()), work=LIGHT_WORK)
    assert Account.decrypt(ours, "pass") == secret.reveal()
    for kdf in ("scrypt", "pbkdf2"):
        theirs = Account.encrypt(secret.reveal(), "pass", kdf=kdf, iterations=LIGHT_WORK)
        assert open_keystore(theirs, "pass") == secret
    write_private_file(tmp_path / "key", json.dumps(ours))
    assert load_key(tmp_path / "key", password=lambda: "pass") == secret


def test_wrong_password_and_foreign_documents_are_refused() -> None:
    secret = make_key()
    document = seal_keystore(secret, "pass", bytes(20), work=LIGHT_WORK)
    with pytest.raises(KeyUnreadable) as caught:
        open_keystore(document, "word")
    assert caught.value.code == "PASSWORD"
    documents: list[dict[str, Any]] = [{}, {"crypto": {}}, {**document, "version": 4}]
    for broken in documents:
        with pytest.raises(KeyUnreadable) as caught:
            open_keystore(broken, "pass")
        assert caught.value.code == "KEYSTORE"
    assert isinstance(secret, Secret)


def test_half_a_key_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(KeyUnreadable, match="space"):
            write_private_file(tmp_path / "key", HEX)
    write_private_file(tmp_path / "key", HEX)
    assert load_key(tmp_path / "key") == parse_key(HEX)
