"""Generate the Python modules of the wire from its .proto files, and prove them up to date.

``python proto/generate.py`` writes, beside every ``.proto``, its messages
(``_pb2.py``), their types (``_pb2.pyi``), its services (``_pb2_grpc.py``) and
*their* types (``_pb2_grpc.pyi``, written here: protoc has no generator for
them).  ``--check`` writes nothing and exits 1 if a file would change.
"""

from __future__ import annotations

import argparse
import importlib.resources
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        FileDescriptorProto,
        MethodDescriptorProto,
        ServiceDescriptorProto,
    )

ROOT = Path(__file__).resolve().parent.parent
SOURCES = "proto/sextant/v1"
OUTPUTS = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")
INDENT = "    "


def main() -> int:
    """Generate, or with ``--check`` compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 on a difference"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        generate_all(target)
        if arguments.check:
            return report(find_differences(target))
        copy_all(target)
    return 0


def generate_all(target: Path) -> None:
    """Write every generated module of the repository below ``target``."""
    sources = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / SOURCES).glob("*.proto"))
    descriptors = target / "descriptors.bin"
    wellknown = importlib.resources.files("grpc_tools") / "_proto"
    code = protoc.main(
        [
            "protoc",
            f"-I{ROOT}",
            f"-I{wellknown}",
            f"--python_out={target}",
            f"--pyi_out={target}",
            f"--grpc_python_out={target}",
            f"--descriptor_set_out={descriptors}",
            *(str(ROOT / source) for source in sources),
        ]
    )
    if code != 0:
        sys.exit(code)
    for file in FileDescriptorSet.FromString(descriptors.read_bytes()).file:
        path = target / file.name.replace(".proto", "_pb2_grpc.pyi")
        path.write_text(describe_services(file), encoding="utf-8")
    descriptors.unlink()


def find_differences(target: Path) -> list[str]:
    """Name the committed modules that differ from those below ``target``, either way."""
    names = collect_names(target) | collect_names(ROOT)
    return sorted(name for name in names if read(ROOT / name) != read(target / name))


def collect_names(base: Path) -> set[str]:
    """List the generated modules below ``base``, relative to it."""
    folder = base / SOURCES
    return {path.relative_to(base).as_posix() for glob in OUTPUTS for path in folder.glob(glob)}


def copy_all(target: Path) -> None:
    """Replace the committed modules by those below ``target``."""
    for name in collect_names(ROOT) - collect_names(target):
        (ROOT / name).unlink()
    for name in collect_names(target):
        if read(ROOT / name) != read(target / name):
            (ROOT / name).write_bytes((target / name).read_bytes())


def read(path: Path) -> bytes:
    """Return the bytes of a file, none if it does not exist."""
    return path.read_bytes() if path.exists() else b""


def report(differences: list[str]) -> int:
    """Print what is out of date; returns the exit code."""
    for name in differences:
        print(f"{name}: out of date: run `make proto`", file=sys.stderr)  # noqa: T201 a script
    return 1 if differences else 0


def describe_services(file: FileDescriptorProto) -> str:
    """Return the type stub of a file's services, as ``grpc.aio`` serves and calls them."""
    if not file.service:
        return '"""No services."""\n'
    modules = sorted(
        {
            type_module(type_name, file)
            for service in file.service
            for method in service.method
            for type_name in (method.input_type, method.output_type)
        }
    )
    lines = ["from collections.abc import AsyncIterator", "", "import grpc", "import grpc.aio", ""]
    lines += [f"from proto.sextant.v1 import {module}" for module in modules]
    for service in file.service:
        lines += ["", *describe_service(service, file)]
    return "\n".join(lines) + "\n"


def describe_service(service: ServiceDescriptorProto, file: FileDescriptorProto) -> list[str]:
    """Return the lines of one service: its stub, its servicer, and its registration."""
    name = service.name
    lines = [
        f"class {name}Stub:",
        f"{INDENT}def __init__(self, channel: grpc.aio.Channel) -> None: ...",
    ]
    for method in service.method:
        takes, gives = (type_path(t, file) for t in (method.input_type, method.output_type))
        lines.append(f"{INDENT}{method.name}: grpc.aio.{callable_name(method)}[{takes}, {gives}]")
    lines += ["", f"class {name}Servicer:"]
    for method in service.method:
        lines += describe_handler(method, file)
    server = "grpc.aio.Server"
    lines.append(
        f"def add_{name}Servicer_to_server(servicer: {name}Servicer, server: {server}) -> None: ..."
    )
    return lines


def describe_handler(method: MethodDescriptorProto, file: FileDescriptorProto) -> list[str]:
    """Return the lines of one method of a servicer."""
    takes, gives = (type_path(t, file) for t in (method.input_type, method.output_type))
    request = (
        f"request_iterator: AsyncIterator[{takes}]"
        if method.client_streaming
        else f"request: {takes}"
    )
    context = f"context: grpc.aio.ServicerContext[{takes}, {gives}]"
    if method.server_streaming:
        head, answer = f"def {method.name}", f"AsyncIterator[{gives}]"
    else:
        head, answer = f"async def {method.name}", gives
    return [f"{INDENT}{head}(self, {request}, {context}) -> {answer}: ..."]


def callable_name(method: MethodDescriptorProto) -> str:
    """Return the class of ``grpc.aio`` that calls a method of this shape."""
    client = "Stream" if method.client_streaming else "Unary"
    server = "Stream" if method.server_streaming else "Unary"
    return f"{client}{server}MultiCallable"


def type_path(type_name: str, file: FileDescriptorProto) -> str:
    """Return how the stub of ``file`` names a message, e.g. ``query_pb2.Order``."""
    return f"{type_module(type_name, file)}.{type_name.rsplit('.', 1)[-1]}"


def type_module(type_name: str, file: FileDescriptorProto) -> str:
    """Return the module that defines a message: of the file itself, or of one of its imports."""
    name = type_name.rsplit(".", 1)[-1]
    if any(message.name == name for message in file.message_type):
        return module_of(file.name)
    for dependency in file.dependency:
        text = (ROOT / dependency).read_text(encoding="utf-8")
        if f"\nmessage {name} {{" in text:
            return module_of(dependency)
    sys.exit(f"{file.name}: {type_name} is defined in none of its imports")


def module_of(source: str) -> str:
    """Return the module generated for a ``.proto`` file."""
    return Path(source).stem + "_pb2"


if __name__ == "__main__":
    sys.exit(main())
