"""The command that this user typed, for every message that names the next one.

``.venv/bin/scrapy``, ``gorgias-crawler``, ``python3 -m scrapy``, ``uv run scrapy``:
what a message offers can be pasted into the shell that it appears in.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

NAME = "gorgias-crawler"
"""The command that is installed, and the package that installs it."""

_SCRIPTS = (NAME, "scrapy")
_PACKAGES = ("gorgias_crawler", "scrapy")  # for python -m


def typed(*arguments: str) -> str:
    """Return the line for a shell that runs this program with *arguments*.

    It begins as this process was begun; with ``scrapy`` where that is not known, as in
    scrapyd or a script.
    """
    return _line([*_as_typed(), *arguments])


def this_program() -> list[str]:
    """Return what begins another process of this program, before its arguments."""
    return [sys.executable, *(_program()[1:] or ["-m", "scrapy"])]


def to_install(package: str) -> str:
    """Return the line for a shell that adds *package* to what this process imports.

    An extra is ``gorgias-crawler[parquet]``: of what is installed already, only what
    it needs is fetched, also where that is a checkout.
    """
    pip = shutil.which("pip", path=str(Path(sys.executable).parent))
    if (Path(sys.prefix) / "pipx_metadata.json").exists():
        installer = ["pipx", "runpip", Path(sys.prefix).name, "install"]
    elif pip:
        installer = [*_found(_from_here(pip)), "install"]
    else:  # an environment of uv, also that of a tool
        installer = ["uv", "pip", "install", "--python", _from_here(sys.executable)]
    return _line([*installer, package])


def to_install_extra(extra: str) -> str:
    """Return the line for a shell that adds what our *extra* of that name needs."""
    return to_install(f"{NAME}[{extra}]")


def _program() -> list[str]:
    """Return the interpreter and what it was told to run; nothing if that is not us."""
    words, path = sys.orig_argv, sys.argv[0]
    if Path(path).name in _SCRIPTS:
        # What pip puts there takes the suffix off, on Windows.
        ends = [
            i for i, word in enumerate(words, 1) if word.removesuffix(".exe") == path
        ]
    elif Path(path).parent.name in _PACKAGES and "-m" in words:
        ends = [words.index("-m") + 2]
    else:
        ends = []
    return words[: ends[0]] if ends else []


def _as_typed() -> list[str]:
    program = _program()
    if not program:
        return ["scrapy"]
    if "-m" in program:
        return [*_found(program[0]), *program[1:]]
    return _found(sys.argv[0])


def _found(path: str) -> list[str]:
    """Return what a shell runs *path* by: its name alone where that is enough."""
    name = Path(path).stem if sys.platform == "win32" else Path(path).name
    at = shutil.which(name)
    is_found = at is not None and Path(at).with_suffix("") == Path(path).with_suffix("")
    # uv puts its environment first in PATH, for what it runs alone, and says so:
    # https://docs.astral.sh/uv/reference/environment/
    if is_found and "UV_RUN_RECURSION_DEPTH" in os.environ:
        return ["uv", "run", name]
    return [name] if is_found and "UV" not in os.environ else [path]


def _from_here(path: str) -> str:
    here = Path.cwd()
    is_below = Path(path).is_relative_to(here)
    return str(Path(path).relative_to(here)) if is_below else path


def _line(words: list[str]) -> str:
    if sys.platform == "win32":
        return subprocess.list2cmdline(words)
    return shlex.join(words)
