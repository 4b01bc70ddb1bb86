"""The command `gorgias-crawler`: which settings count in any place, what it says."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from scrapy import cmdline
from scrapy.utils.project import get_project_settings

import gorgias_crawler
from gorgias_crawler.__main__ import main
from gorgias_crawler.job.directory import Job
from tests.crawling import linux_only

VARIABLE = "SCRAPY_SETTINGS_MODULE"
OURS = "gorgias_crawler.settings"
HANDLER = "scrapy.core.downloader.handlers.http11"
SHOW_MODULES = """
import atexit, sys
from gorgias_crawler.__main__ import main
atexit.register(lambda: print(*sys.modules))
main()
"""
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
MADE_OF_OURS = f"from {OURS} import *\nFEED_EXPORT_FIELDS = ['ticket_id']\n"


class Command:
    """The command in this process; `executed` are the settings that Scrapy then has."""

    def __init__(self, capsys):
        self.capsys = capsys
        self.executed = None

    def __call__(self, *words):
        sys.argv = sys.orig_argv = ["gorgias-crawler", *words]
        status: object = 0
        try:
            main()
        except SystemExit as ended:
            status = ended.code
        return status, "".join(self.capsys.readouterr())


@pytest.fixture
def command(monkeypatch, tmp_path, capsys):
    """The command, in an empty directory and with nothing in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "to be restored")
    monkeypatch.delenv(VARIABLE)
    for name in ("argv", "orig_argv", "path"):
        monkeypatch.setattr(sys, name, list(getattr(sys, name)))
    command = Command(capsys)

    def execute(settings=None):
        command.executed = settings or get_project_settings()

    monkeypatch.setattr(cmdline, "execute", execute)
    return command


@pytest.fixture
def own(tmp_path):
    """Write settings of a user's, and a scrapy.cfg that names them."""

    def own_(text, *, cfg):
        (tmp_path / "own").mkdir()
        (tmp_path / "own" / "settings.py").write_text(text)
        if cfg:
            (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = own.settings\n")

    yield own_
    for name in ("own", "own.settings"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("options", [[], ["-h"], ["--help"], ["help"]])
def test_the_help_lists_what_there_is_and_shows_how_to_begin(command, options):
    status, said = command(*options)
    assert status == 0
    for name in ("crawl", "demo", "export", "report", "sandbox", "search", "status"):
        assert re.search(rf"^  {name} +\w+", said, re.MULTILINE)
    assert "\n  gorgias-crawler demo\n" in said
    assert "\n  gorgias-crawler crawl gorgias -s JOBDIR=crawls/run1\n" in said
    for name in ("GORGIAS_SUBDOMAIN", "GORGIAS_API_USER", "GORGIAS_API_KEY"):
        assert f"\n  {name}=" in said


def test_the_version_is_that_of_the_package_and_of_scrapy(command):
    assert re.fullmatch(
        r"gorgias-crawler \d+\.\d+\.\d+ \(Scrapy 2\.19\.\d+\)\n",
        command("--version")[1],
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["exprot"],
            "exprot: there is no such command; do you mean `gorgias-crawler e",
        ),
        (["xyz"], "xyz: there is no such command. `gorgias-crawler -h` lists them."),
        (["-s", "A=1", "crawl"], "-s: name a command before its options."),
        (["--foo"], "--foo: name a command before its options."),
    ],
)
def test_what_is_no_command_is_one_line_with_the_nearest_and_exit_2(
    command, words, said
):
    status, line = command(*words)
    assert status == 2
    assert line.startswith(f"gorgias_crawler: {said}")
    assert line.count("\n") == 1


def test_the_example_of_each_command_is_of_that_command(command):
    command("shell")
    commands = cmdline._get_commands_dict(command.executed, inproject=True)
    assert {"crawl", "export", "shell"} <= set(commands)
    for name, class_ in commands.items():
        if hasattr(class_, "example"):
            assert class_.example.split()[0] == name


def test_no_hint_names_a_command_or_a_file_that_the_user_may_not_have():
    docstrings, texts = [], []
    for path in Path(gorgias_crawler.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
            if isinstance(node, DOCUMENTED) and (
                text := ast.get_docstring(node, False)
            ):
                docstrings.append(text)
    said = Counter(texts) - Counter(docstrings)
    assert len(said) > 1000
    for text in said:
        assert not re.search(r"\bscrapy [a-z]|\bpip install|\.env\.example", text), text


@pytest.mark.parametrize("value", [None, "", OURS])
def test_in_any_directory_it_is_this_project(command, monkeypatch, value):
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    command("crawl", "gorgias")
    assert command.executed["COMMANDS_MODULE"] == "gorgias_crawler.commands.crawl"
    assert command.executed["FEED_EXPORT_FIELDS"] is None


@pytest.mark.parametrize("name", ["shell", "project", "of_scrapy", "verbs"])
def test_only_a_command_of_this_project_is_imported_alone(command, name):
    command(name)
    if command.executed:
        assert command.executed["COMMANDS_MODULE"] == "gorgias_crawler.commands"
    assert bool(command.executed) == (name == "shell")


@pytest.mark.parametrize("cfg", [True, False])
def test_settings_made_of_ours_count_as_they_do_for_scrapy(
    command, monkeypatch, own, cfg
):
    own(MADE_OF_OURS, cfg=cfg)
    if not cfg:
        monkeypatch.setenv(VARIABLE, "own.settings")
    command("crawl", "gorgias")
    assert command.executed["FEED_EXPORT_FIELDS"] == ["ticket_id"]


def test_the_scrapy_cfg_of_another_project_is_passed_by(command, own):
    own("LOG_LEVEL = 'NONE'\n", cfg=True)
    assert command("crawl", "gorgias") == (0, "")
    assert command.executed["LOG_LEVEL"] == "INFO"


def test_ctrl_c_while_python_imports_is_one_line(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'scrapy.http': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
    )
    pressed = subprocess.run(
        [sys.executable, "-m", "gorgias_crawler", "status", "job"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (pressed.returncode, pressed.stderr) == (3, "gorgias_crawler: stopped.\n")


@linux_only("of /dev/full")
@pytest.mark.parametrize("words", [["-h"], ["status", "-h"]])
def test_help_that_cannot_be_written_is_one_line(words):
    with open("/dev/full", "w", encoding="utf-8") as full:
        asked = subprocess.run(
            [sys.executable, "-m", "gorgias_crawler", *words],
            # Where nothing is buffered, argparse itself passes over what it meets.
            env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert asked.returncode == 1
    (line,) = asked.stderr.splitlines()
    assert "cannot be written (No space left on device)" in line


def test_an_export_imports_nothing_that_only_calls_need(tmp_path):
    Job(tmp_path / "job").close()
    exported = subprocess.run(
        [sys.executable, "-c", SHOW_MODULES, "export", "job", "-O", "x.csv"],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        text=True,
    )
    assert (tmp_path / "x.csv").exists()
    imported = set(exported.stdout.split())
    assert "gorgias_crawler.feeds.formats" in imported
    assert not imported & {"aiohttp", "tldextract", "gorgias_crawler.sandbox", HANDLER}


def test_what_cannot_be_a_project_is_one_line(command, tmp_path, monkeypatch):
    (tmp_path / "scrapy.cfg").write_text("no section")
    status, line = command("status", "job")
    assert status == 1
    assert line.startswith("gorgias_crawler: What a scrapy.cfg says cannot be loaded")
    assert line.count("\n") == 1
    (tmp_path / "removed").mkdir()
    monkeypatch.chdir(tmp_path / "removed")
    (tmp_path / "removed").rmdir()
    assert "was started in was removed: go to another one" in command("-h")[1]
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "cfg", "said"),
    [
        ("BOT_NAME = 'other'", False, "these are settings of another project. Leave"),
        ("import not_there", False, "cannot be loaded (ModuleNotFoundError: No module"),
        ("1 = 2", True, "cannot be loaded (SyntaxError: "),
    ],
)
def test_settings_that_are_named_and_cannot_be_used_are_refused_in_one_line(
    command, monkeypatch, own, text, cfg, said
):
    own(text, cfg=cfg)
    if not cfg:
        monkeypatch.setenv(VARIABLE, "own.settings")
    status, line = command("status", "job")
    assert status == 1
    assert line.startswith(f"gorgias_crawler: {VARIABLE}=own.settings")
    assert said in line
    assert line.count("\n") == 1
    assert command.executed is None
