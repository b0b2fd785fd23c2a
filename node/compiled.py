"""The optional compiled form of the state machine: what is built, and whether it is current.

``statemachine`` is plain typed Python which mypyc compiles unchanged.  The build goes to
``build/compiled``: a copy of the package with an extension module beside each source.  Put first
on ``PYTHONPATH`` it replaces the interpreted package; both give the same roots.  A module with a
``.c`` file of its own name beside it is that file when compiled, if the headers that it needs are
there.  Without a C compiler nothing is lost but speed.

    python -m node.compiled            build it, unless it is current
    python -m node.compiled --optional the same, but a missing C compiler is not an error
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
COMPILED: Final = ROOT / "build" / "compiled"
STAMP: Final = "STAMP"
SOURCES: Final = frozenset({".py", ".c"})
BUILD_SECONDS_MAX: Final = 900
EXIT_FAILED: Final = 1

# Run in the copied tree, in a process of its own: setuptools looks at the working directory.
BUILD_SCRIPT: Final = """
import sys
from mypyc.build import mypycify
from setuptools import Extension, setup
modules = mypycify(["--strict", *[p for p in sys.argv[1:] if p.endswith(".py")]],
                   opt_level="3", debug_level="0")
modules += [Extension(p[:-2].replace("/", "."), [p], libraries=["crypto"],
                      extra_compile_args=["-O3"], optional=True)
            for p in sys.argv[1:] if p.endswith(".c")]
setup(name="statemachine", packages=[], py_modules=[], ext_modules=modules,
      script_args=["-q", "build_ext", "--inplace"])
"""


def source_stamp() -> str:
    """Return a digest of everything the build depends on."""
    digest = sha256(sys.version.encode())
    for path in sources_in(ROOT / "statemachine"):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def sources_in(directory: Path) -> list[Path]:
    """Return the files below a directory that a build is made from."""
    return sorted(path for path in directory.rglob("*") if path.suffix in SOURCES)


def extension_of(source: Path) -> Path | None:
    """Return the extension module that a build made of a source, or None if it made none."""
    return next(iter(source.parent.glob(f"{source.stem}.*.so")), None)


def compiled_directory() -> Path | None:
    """Return the directory to put first on ``PYTHONPATH``, or None if none is current."""
    try:
        return COMPILED if (COMPILED / STAMP).read_text() == source_stamp() else None
    except OSError:
        return None


def compiler_missing() -> str | None:
    """Say what a build lacks, or return None if it can be tried."""
    if find_spec("mypyc") is None:
        return "mypyc is not installed (pip install -e '.[dev]')"
    compiler = os.environ.get("CC", "cc").split()[0]
    if shutil.which(compiler) is None and shutil.which("gcc") is None:
        return f"no C compiler ({compiler}) was found"
    return None


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other process builds here."""
    COMPILED.parent.mkdir(parents=True, exist_ok=True)
    with COMPILED.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build() -> str | None:
    """Compile the state machine, unless somebody just has; return what went wrong, or None.

    The build happens in a directory beside the final one and is then renamed, so that what is in
    use stays whole until then, and a build that breaks off leaves nothing that could be taken for
    a finished one.
    """
    with one_at_a_time():
        if compiled_directory() is not None:
            return None
        draft, old = COMPILED.with_suffix(".draft"), COMPILED.with_suffix(".old")
        shutil.rmtree(draft, ignore_errors=True)
        failure = build_in(draft)
        if failure is not None:
            return failure
        shutil.rmtree(old, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            COMPILED.rename(old)
        draft.rename(COMPILED)
        shutil.rmtree(old, ignore_errors=True)
    return None


def build_in(directory: Path) -> str | None:
    """Compile a copy of the state machine in a new directory; return what went wrong, or None."""
    stamp = source_stamp()
    shutil.copytree(
        ROOT / "statemachine",
        directory / "statemachine",
        ignore=shutil.ignore_patterns("__pycache__", "*.so"),
    )
    sources = [path.relative_to(directory) for path in sources_in(directory)]
    modules = [
        path for path in sources if path.suffix == ".c" or path.with_suffix(".c") not in sources
    ]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(  # noqa: S603 - our own interpreter on our own sources
        [sys.executable, "-c", BUILD_SCRIPT, *map(str, modules)],
        cwd=directory,
        env={**environment, "CFLAGS": "-w"},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        return (done.stdout + done.stderr)[-4000:]
    for path in left_out(directory, sources):
        sys.stderr.write(f"{path} was left out: its headers, libssl-dev, are not installed\n")
    shutil.rmtree(directory / "build", ignore_errors=True)
    (directory / STAMP).write_text(stamp)
    return None


def left_out(directory: Path, sources: Sequence[Path]) -> list[Path]:
    """Return the C files among sources of which a build in ``directory`` made no extension."""
    written = [path for path in sources if path.suffix == ".c"]
    return [path for path in written if extension_of(directory / path) is None]


def main(arguments: list[str]) -> int:
    """Build unless current; return the exit code."""
    if compiled_directory() is not None:
        return 0
    missing = compiler_missing()
    if missing is not None:
        sys.stderr.write(f"the state machine runs interpreted: {missing}\n")
        return 0 if "--optional" in arguments else EXIT_FAILED
    sys.stderr.write("compiling the state machine with mypyc (a minute or two)\n")
    failure = build()
    if failure is not None:
        sys.stderr.write(f"{failure}\nthe state machine could not be compiled\n")
        return EXIT_FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
