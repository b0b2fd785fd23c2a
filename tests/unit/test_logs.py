"""Logs and figures: what is written, what never is."""

import io
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import structlog

from node.process.logs import configure_logs, parse_levels
from node.process.metrics import Metrics, MetricsServer
from node.settings import LogSettings

SECRET = "5e" * 32


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    for handler in handlers:
        if handler not in root.handlers:
            root.addHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


def test_machines_get_one_json_object_per_line() -> None:
    stream = io.StringIO()
    configure_logs(LogSettings(format="json"), stream=stream)
    structlog.get_logger("node.test").info("made block", height=7, root=b"\x01\x02")
    logging.getLogger("library").warning("old style %d", 3)
    structlog.get_logger("node.test").debug("not shown")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["height"], first["root"]) == ("made block", 7, "0x0102")
    assert (first["level"], first["logger"]) == ("info", "node.test")
    assert (second["event"], second["level"]) == ("old style 3", "warning")


def test_people_get_text() -> None:
    stream = io.StringIO()
    configure_logs(LogSettings(format="text"), stream=stream)
    structlog.get_logger("node.test").info("made block", height=7)
    assert "made block" in stream.getvalue()
    assert "height=7" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.parametrize("form", ["json", "text"])
def test_secrets_are_never_written(form: str) -> None:
    stream = io.StringIO()
    configure_logs(LogSettings(format=form), stream=stream)
    logger = structlog.get_logger("node.test")
    logger.info("loaded", key=SECRET, wallet_password=SECRET, signer_private_key=SECRET)

    def fail(key: str) -> None:
        raise ValueError(f"a key of {len(key)} characters")

    try:
        fail(SECRET)
    except ValueError:
        logger.exception("failed")
    assert SECRET not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


def test_levels_per_logger() -> None:
    stream = io.StringIO()
    configure_logs(LogSettings(format="json", levels="node.loud=debug"), stream=stream)
    structlog.get_logger("node.loud").debug("shown")
    structlog.get_logger("node.quiet").debug("not shown")
    logging.getLogger("node.loud").setLevel(logging.NOTSET)
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["shown"]
    with pytest.raises(ValueError, match=r"log\.levels"):
        parse_levels("node=loud")


def test_a_file_is_rotated_by_size(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "node.log"
    settings = LogSettings(format="text", file=str(file), file_bytes_max=4096, files_max=2)
    configure_logs(settings, stream=io.StringIO())
    for line in range(200):
        structlog.get_logger("node.test").info("a line", number=line)
    names = sorted(path.name for path in file.parent.iterdir())
    assert names == ["node.log", "node.log.1", "node.log.2"]
    numbers = [json.loads(line)["number"] for line in file.read_text().splitlines()]
    assert numbers
    assert numbers == list(range(numbers[0], 200))


def test_figures_health_and_readiness_are_served() -> None:
    metrics = Metrics()
    metrics.block_height.set(12)
    reason = ["starting"]
    server = MetricsServer(metrics, "127.0.0.1", 0, lambda: reason[0])
    server.start()
    try:
        base = f"http://127.0.0.1:{server.port}"
        with urlopen(f"{base}/metrics") as answer:  # noqa: S310 - our own server
            assert "sextant_sequencer_block_height 12.0" in answer.read().decode()
        with urlopen(f"{base}/healthz") as answer:  # noqa: S310 - our own server
            assert answer.read() == b"alive\n"
        with pytest.raises(HTTPError, match="503") as refused:
            urlopen(f"{base}/readyz")  # noqa: S310 - our own server
        refused.value.close()
        reason[0] = ""
        with urlopen(f"{base}/readyz") as answer:  # noqa: S310 - our own server
            assert answer.status == 200
        with pytest.raises(HTTPError, match="404") as missing:
            urlopen(f"{base}/other")  # noqa: S310 - our own server
        missing.value.close()
    finally:
        server.stop()


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1:{port}: Address already in use; .*metrics"):
            MetricsServer(Metrics(), "127.0.0.1", port, lambda: "")
