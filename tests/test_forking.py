"""A fork does what a command line does: tests may take one for the other."""

import os
import re
import signal
import subprocess
import time

import pytest

from tests.crawling import linux_only, wait
from tests.forking import Forked

pytestmark = linux_only("elsewhere each command is a command line")


@pytest.fixture
def fork(open_shop):
    """Run a command in a shop that forks, whatever is asked of pytest."""
    shop = open_shop(tickets=30)
    shop.forks = True
    return shop


def normalized(text):
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", "DATE", text)
    return re.sub(r"in \d+ s|for [\d.]+ s", "for SOME s", text)


COMMANDS = {
    "a crawl": ("crawl", "-s", "JOBDIR={0}", "-O", "{0}.csv"),
    "status": ("status", "{0}"),
    "export": ("export", "{0}", "-O", "{0}.jsonl:conversations"),
    "a wrong option": ("crawl", "-a", "fetch=fast"),
}


def test_a_fork_says_and_writes_what_a_command_line_does(fork):
    said = {}
    for forks, job in ((True, "same1"), (False, "same2")):
        fork.forks = forks
        ended = [
            fork.run(command, *(option.format(job) for option in options))
            for command, *options in COMMANDS.values()
        ]
        said[job] = [
            (one.status, normalized(one.log.replace(job, "JOB"))) for one in ended
        ]
    for name, forked, own in zip(COMMANDS, *said.values(), strict=True):
        assert forked == own, name
    for suffix in (".csv", ".jsonl"):
        one, two = (fork.path / f"{job}{suffix}" for job in said)
        assert one.read_bytes() == two.read_bytes()


def test_a_fork_has_only_the_environment_and_the_descriptors_that_it_is_given(fork):
    (fork.path / "telling.py").write_text(
        "from gorgias_crawler.settings import *\n"
        "import json, os\n"
        "fds = sorted(map(int, os.listdir('/proc/self/fd')))\n"
        "print(json.dumps([dict(os.environ), fds, os.getcwd()]), flush=True)\n"
    )
    fork.environ |= {"SCRAPY_SETTINGS_MODULE": "telling", "PYTHONPATH": "."}
    said = []
    for forks in (True, False):
        fork.forks = forks
        said.append(fork.run("settings", "--get", "BOT_NAME").log)
    assert said[0] == said[1]


def test_forks_are_processes_that_signals_end_and_nobody_waits_for(fork):
    fork.sandbox.latency_s = 0.3
    one, other = fork.start(), fork.start("-s", "JOBDIR=other", "-O", "other.csv")
    assert isinstance(one, Forked)
    assert len({one.pid, other.pid, os.getpid()}) == 3
    with pytest.raises(subprocess.TimeoutExpired):
        one.wait(0.1)
    one.kill()
    assert wait(one).status == one.poll() == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(one.pid, 0)
    while len(fork.sandbox.calls) < 2:
        time.sleep(0.02)
    assert other.poll() is None
    other.terminate()
    assert wait(other).status == 3
    other.kill()  # as with any process that has ended: nothing
