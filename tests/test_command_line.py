"""A hint begins with the command that this user typed, and can be pasted."""

import shlex
import shutil
import sys

import pytest

from gorgias_crawler import command_line

SITE = "/opt/v/lib/python3.11/site-packages"
PYTHON = "/opt/v/bin/python"
SCRAPY = "/opt/v/bin/scrapy"
OURS = "/home/you/.local/bin/gorgias-crawler"


@pytest.fixture
def began(monkeypatch, tmp_path):
    """Let this process have begun otherwise: what Python was told, what is in PATH."""
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)

    def began_(orig_argv, path=None, in_path=(), environ=()):
        monkeypatch.setattr(sys, "orig_argv", orig_argv)
        script = orig_argv[1]
        monkeypatch.setattr(sys, "argv", [path or script, *orig_argv[2:]])
        found = {name.rpartition("/")[2]: name for name in in_path}
        monkeypatch.setattr(shutil, "which", found.get)
        for name in environ:
            monkeypatch.setenv(name, "1")

    return began_


OF_SCRAPY, OF_OURS = f"{SITE}/scrapy/__main__.py", f"{SITE}/gorgias_crawler/__main__.py"
RUN = ["UV", "UV_RUN_RECURSION_DEPTH"]
BEGUN = {
    # what Python was told, its sys.argv[0] if other, what PATH has, the environment
    "scrapy": ([PYTHON, SCRAPY], None, [SCRAPY], []),
    "/opt/v/bin/scrapy": ([PYTHON, SCRAPY], None, [], []),
    ".venv/bin/scrapy": ([PYTHON, ".venv/bin/scrapy"], None, [SCRAPY], []),
    "./scrapy": ([PYTHON, "./scrapy"], None, [], []),
    "gorgias-crawler": ([PYTHON, "-E", OURS], OURS, [OURS], []),
    OURS: ([PYTHON, "-E", OURS], OURS, [], []),
    "'/a b/scrapy'": ([PYTHON, "/a b/scrapy"], None, [], []),
    "python3 -m scrapy": (["python3", "-m", "scrapy"], OF_SCRAPY, ["/bin/python3"], []),
    "/opt/v/bin/python -m scrapy": ([PYTHON, "-m", "scrapy"], OF_SCRAPY, [], []),
    "python -m gorgias_crawler": (
        *([PYTHON, "-m", "gorgias_crawler"], OF_OURS, [PYTHON], []),
    ),
    "python -X dev -m scrapy.cmdline": (
        *(["python", "-X", "dev", "-m", "scrapy.cmdline"], f"{SITE}/scrapy/cmdline.py"),
        *([], []),
    ),
    "/v/Scripts/scrapy": (  # Windows: pip's script takes the suffix off
        *([PYTHON, "/v/Scripts/scrapy.exe"], "/v/Scripts/scrapy"),
        *([], []),
    ),
    "uv run scrapy": ([PYTHON, SCRAPY], None, [SCRAPY], RUN),
    "uv run python -m scrapy": ([PYTHON, "-m", "scrapy"], OF_SCRAPY, [PYTHON], RUN),
}


@pytest.mark.parametrize("expected", BEGUN)
def test_a_hint_begins_as_the_user_began(began, expected):
    began(*BEGUN[expected])
    assert command_line.typed() == expected
    said = command_line.typed("export", "my job", "-O", "$x.csv")
    assert said == f"{expected} export 'my job' -O '$x.csv'"
    assert shlex.split(said)[-4:] == ["export", "my job", "-O", "$x.csv"]


def test_what_uv_runs_for_once_is_named_by_its_path(began):
    began([PYTHON, SCRAPY], in_path=[SCRAPY], environ=["UV"])  # uvx, uv tool run
    assert command_line.typed() == SCRAPY


@pytest.mark.parametrize(
    ("orig_argv", "path"),
    [
        ([PYTHON, "/opt/v/bin/pytest", "-m", "scrapy"], None),
        ([PYTHON, "-m", "scrapyd.runner", "crawl"], f"{SITE}/scrapyd/runner.py"),
        ([PYTHON, "script.py", "scrapy"], None),
        ([PYTHON, "-c", "..."], None),
    ],
)
def test_within_another_program_a_hint_begins_with_scrapy(began, orig_argv, path):
    began(orig_argv, path)
    assert command_line.typed("status") == "scrapy status"
    assert command_line.this_program() == [sys.executable, "-m", "scrapy"]


@pytest.mark.parametrize(
    ("begun", "path", "expected"),
    [
        ([PYTHON, "-E", OURS], OURS, ["-E", OURS]),
        (["python3", "-m", "scrapy"], OF_SCRAPY, ["-m", "scrapy"]),
    ],
)
def test_another_process_of_the_program_begins_as_this_one(
    began, begun, path, expected
):
    began([*begun, "demo"], path)
    assert command_line.this_program() == [sys.executable, *expected]


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """An environment below the working directory, with these programs and files."""

    def installed_(*names):
        for name in ("bin/python", *names):
            path = tmp_path / ".venv" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(0o700)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))
        monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))

    return installed_


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["bin/pip"], ".venv/bin/pip install 'gorgias-crawler[s3]'"),
        ([], "uv pip install --python .venv/bin/python 'gorgias-crawler[s3]'"),
        (
            ["bin/pip", "pipx_metadata.json"],
            "pipx runpip .venv install 'gorgias-crawler[s3]'",
        ),
    ],
)
def test_what_is_missing_is_installed_where_this_process_looks(
    installed, names, expected
):
    installed(*names)
    assert command_line.to_install_extra("s3") == expected


def test_elsewhere_the_installer_is_named_by_its_whole_path(
    installed, monkeypatch, tmp_path
):
    installed("bin/pip")
    (tmp_path / "acme").mkdir()
    monkeypatch.chdir(tmp_path / "acme")
    line = command_line.to_install("boto3")
    assert shlex.split(line) == [f"{tmp_path}/.venv/bin/pip", "install", "boto3"]
