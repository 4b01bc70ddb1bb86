"""Commands in processes that are forked from one which has imported Scrapy already.

Importing is nine tenths of a short crawl. What is forked here is a process as any
other: it has a directory, an environment and an output of its own, it is sent
signals, it can be killed, and it ends as `python -m scrapy` does. It differs in when
its modules were imported, and in nothing else: a reactor is installed, settings are
read and the `.env` file is looked for after the fork. `pytest --no-forks` runs
everything as command lines.
"""

import contextlib
import functools
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages
from runpy import run_module

from scrapy.settings import default_settings

LARGEST_REQUEST = 2**20  # an environment is a few kilobytes
SCRAPY = "scrapy.__main__"

IS_LINUX = sys.platform == "linux"

is_on = IS_LINUX
"""Whether tests may fork: the sockets that requests go through are those of Linux."""


class Forked:
    """A command in a forked process, with what tests use of `subprocess.Popen`."""

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        module: str = SCRAPY,
        stdout: int | None = None,
    ) -> None:
        """Run *module* with *arguments*; what it prints goes where its errors go, or
        to the descriptor *stdout*."""
        self.returncode: int | None = None
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._told, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps([module, list(arguments), str(cwd), dict(env)]).encode()
        assert len(request) < LARGEST_REQUEST
        with theirs:
            output = self._output.fileno()
            printed = output if stdout is None else stdout
            handed = [output, printed, theirs.fileno()]
            socket.send_fds(_server()[1], [request], handed)
        self.pid = self._hear()

    def _hear(self) -> int:
        number = self._told.recv(16)
        assert number, "the process that forks has ended"
        return int(number)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._told.settimeout(timeout)
            try:
                status = self._hear()
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired("scrapy", timeout or 0) from None
            self.returncode = os.waitstatus_to_exitcode(status)
            self._told.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        self.wait(timeout)
        with self._output:
            self._output.seek(0)
            return self._output.read(), None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


@functools.cache
def _server() -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, __file__]
        process = subprocess.Popen(
            command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL
        )
    return process, ours


def close() -> None:
    """End the process that forks, if there is one."""
    if _server.cache_info().currsize:
        process, requests = _server()
        requests.close()
        process.wait()
        _server.cache_clear()


# The process that forks.


def import_all() -> None:
    """Import what a crawl imports, but no reactor."""
    package = import_module("gorgias_crawler")
    for module in walk_packages(package.__path__, "gorgias_crawler."):
        import_module(module.name)
    components = {
        default_settings.DOWNLOADER: 0,
        **default_settings.EXTENSIONS_BASE,
        **default_settings.DOWNLOADER_MIDDLEWARES_BASE,
        **default_settings.SPIDER_MIDDLEWARES_BASE,
    }
    names = {component.rpartition(".")[0] for component in components}
    names |= {
        "scrapy.cmdline",
        "scrapy.core.downloader.handlers.http11",
        "scrapy.shell",
    }
    for name in names:
        import_module(name)
    assert "twisted.internet.reactor" not in sys.modules


def serve(requests: socket.socket) -> str:
    """Fork for each request; return the module in the process that is to run it."""
    while True:
        request, handed, _, _ = socket.recv_fds(requests, LARGEST_REQUEST, 3)
        if not request:
            break
        if os.fork() == 0:
            requests.close()
            output, printed, told = handed
            if oversee(socket.socket(fileno=told)):
                module, *given = json.loads(request)
                become(module, output, printed, *given)
                return str(module)
            os._exit(0)
        for descriptor in handed:
            os.close(descriptor)
        reap()
    reap()
    sys.exit()


def oversee(told: socket.socket) -> bool:
    """Fork once more. Is true in that process; in its parent, when it has ended."""
    with told:
        pid = os.fork()
        if pid == 0:
            return True
        told.send(b"%d" % pid)
        _, status = os.waitpid(pid, 0)
        told.send(b"%d" % status)
        return False


def become(
    module: str,
    output: int,
    printed: int,
    arguments: list[str],
    cwd: str,
    env: dict[str, str],
) -> None:
    """Take on all that a command of its own would have."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(printed, 1)
    os.dup2(output, 2)
    os.close(printed)
    os.close(output)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[:1] = [cwd, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    spec = find_spec(module)
    assert spec is not None
    sys.argv = [str(spec.origin), *arguments]
    named = module.removesuffix(".__main__")
    sys.orig_argv = [sys.executable, "-m", named, *arguments]
    del sys.modules["gorgias_crawler.settings"]  # it reads the .env file


def reap() -> None:
    """Let go of what has ended; a command that runs on holds nobody up."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for those that test
    import_all()
    gc.collect()
    gc.freeze()  # a collection would copy all of it in each fork
    with socket.socket(fileno=os.dup(0)) as requests_:
        module_ = serve(requests_)
    run_module(module_, run_name="__main__", alter_sys=True)
