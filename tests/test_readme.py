"""The README says what happens: its tables, its output, its commands."""

import argparse
import ast
import io
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing, redirect_stdout
from pathlib import Path

import pytest

from gorgias_crawler import arguments, config, items, settings
from gorgias_crawler.commands.search import Command
from tests import columns_page
from tests.crawling import SCRAPY, Shop, on_a_terminal

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def default(name):
    value = getattr(settings, name)
    shown = ",".join(value) if isinstance(value, list) else value
    return f"`{shown}`" if value != "" else "none"


TABLES = {
    "ARGUMENTS_TABLE": table(
        ["argument", "meaning"],
        [[f"`{name}`", meaning] for name, meaning in arguments.MEANINGS.items()],
    ),
    "SETTINGS_TABLE": table(
        ["setting", "default", "meaning"],
        [
            [f"`{name}`", default(name), meaning]
            for name, meaning in config.SETTINGS.items()
        ],
    ),
    "VARIABLES_TABLE": table(
        ["variable", "meaning"],
        [[f"`{name}`", meaning] for name, meaning in config.VARIABLES.items()],
    ),
    "COLUMNS_TABLE": columns_page.table(items.Message, items.DEFAULT_COLUMNS),
}


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_that_of_the_definitions(name):
    assert TABLES[name] in README


def test_the_page_of_columns_is_that_of_the_declarations():
    assert columns_page.PAGE.read_text("utf-8") == columns_page.page()


def test_ci_installs_as_the_readme_says():
    _, command = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    make, install, test = command.split(" && ")
    assert test == ".venv/bin/pytest"
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert make in script
    assert install.removeprefix(".venv/bin/pip install ") in script


def test_every_setting_of_ours_has_a_meaning():
    ours = {name for name in vars(settings) if name.startswith("GORGIAS_")}
    assert ours == set(config.SETTINGS)


def test_every_variable_is_in_the_env_example():
    example = (ROOT / ".env.example").read_text("utf-8")
    for name in config.VARIABLES:
        assert re.search(rf"^#?{name}=", example, re.MULTILINE), name


def test_every_file_that_is_linked_is_there():
    for path in re.findall(r"\]\(([\w./-]+)\)", README):
        assert (ROOT / path).exists(), path


def normalized(text, directory):
    """Leave out what differs from run to run: places and durations."""
    text = text.replace(str(directory), "/home/you/gorgias")
    text = re.sub(r"calls in \d+ s", "calls in SOME s", text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def demo(directory):
    """Run the demo on a terminal, as the first command does; return what it shows."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GORGIAS_")}
    (directory / "scrapy.cfg").write_bytes((ROOT / "scrapy.cfg").read_bytes())
    status, shown = on_a_terminal([*SCRAPY, "demo"], directory, kept)
    assert status == 0, shown
    return shown


def of_the_crawl(shown):
    """Return what the crawl itself says, from what it will do to what it did."""
    lines = shown.splitlines()
    (first,) = (i for i, line in enumerate(lines) if line.startswith("Fetching all "))
    (last,) = (i for i, line in enumerate(lines) if line.startswith("Complete: "))
    return "\n".join(lines[first : last + 1])


def test_the_demo_shows_what_the_readme_shows(tmp_path):
    shown = README.split("```text\n")[1].split("```")[0]
    found = demo(tmp_path)
    assert normalized(of_the_crawl(found), tmp_path) == normalized(shown, tmp_path)
    assert "demo/gorgias_tickets.csv begins:" in found
    assert (tmp_path / "demo" / "gorgias_tickets.csv").exists()
    assert (tmp_path / "demo" / "job" / "run.json").exists()
    assert [path.name for path in tmp_path.iterdir() if "csv" in path.name] == []
    check_questions(tmp_path)


def check_questions(directory):
    """Ask the demo's SQLite file what the README asks, and hold it to the answers."""
    said = next(block for block in README.split("```text\n") if "Uvicorn" in block)
    questions = re.findall(r'^sqlite3 acme.sqlite "(.*)"$', README, re.MULTILINE)
    options = ["export", "demo/job", "-O", "acme.sqlite"]
    subprocess.run([*SCRAPY, *options], cwd=directory, check=True, capture_output=True)
    (asked,) = re.findall(r"search acme.sqlite '(.*)' --limit 1$", README, re.MULTILINE)
    with redirect_stdout(io.StringIO()) as printed:
        wanted = argparse.Namespace(limit=1)
        Command().run([str(directory / "acme.sqlite"), asked], wanted)
    with closing(sqlite3.connect(directory / "acme.sqlite")) as db:
        rows = [row for question in questions for row in db.execute(question)]
    answers = [*printed.getvalue().splitlines(), *("|".join(map(str, r)) for r in rows)]
    assert answers == said.split("INFO")[0].splitlines()


def sentences():
    """Return the texts of the product, without what is filled in."""
    for path in (ROOT / "gorgias_crawler").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (getattr(part, "value", "…") for part in node.values)
                yield "".join(part if isinstance(part, str) else "…" for part in parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_what_troubleshooting_quotes_is_what_is_said():
    (rows,) = re.findall(r"\| what it says .*\n\| -.*\n((?:\|.*\n)+)", README)
    said = "\n".join(sentences())
    quoted = re.findall(
        r"`([^`]+)`", "\n".join(r.split("|")[1] for r in rows.split("\n") if r)
    )
    assert len(quoted) >= 10
    for words in quoted:
        assert words.split("(401")[0].rstrip("… ") in said, words


def test_each_account_has_a_file_of_its_own(open_shop):
    shop = open_shop(tickets=2)
    account = shop.environment()
    names = ("GORGIAS_API_URL", "GORGIAS_API_USER", "GORGIAS_API_KEY")
    (file,) = re.findall(r"such as `(accounts/\w+\.env)`", README)
    (options,) = re.findall(r"`\.venv/bin/scrapy (crawl gorgias -a \S+)`", README)
    (shop.path / file).parent.mkdir()
    (shop.path / file).write_text("".join(f"{n}={account[n]}\n" for n in names))
    kept = {k: v for k, v in account.items() if k not in names}
    command = [*SCRAPY, *options.split()]
    subprocess.run(command, cwd=shop.path, env=kept, check=True)
    assert "`acme_tickets.csv`" in README
    assert shop.rows("acme_tickets.csv") == shop.expected()
    assert "`crawls/acme`" in README
    assert (shop.path / "crawls/acme/archive.sqlite").exists()


@pytest.mark.timeout(240)  # a dozen command lines, each with its imports
def test_every_command_of_the_readme_works(open_shop):
    shop: Shop = open_shop()
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    commands = [line for line in lines if line.startswith(".venv/bin/scrapy")]
    assert len(commands) >= 8
    for command in commands:
        _, *options = shlex.split(command)
        ended = subprocess.run(
            [*SCRAPY, *options],
            cwd=shop.path,
            env=shop.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout}"
    assert shop.rows() == shop.expected()


def fill():
    """Write the tables and the demo's output where the README has placeholders."""
    import tempfile  # noqa: PLC0415

    text = README
    for name, content in TABLES.items():
        text = text.replace(f"\n{name}\n", f"\n{content}\n")
    with tempfile.TemporaryDirectory() as name:
        shown = of_the_crawl(demo(Path(name))).replace(name, "/home/you/gorgias")
    text = text.replace("\nDEMO_OUTPUT\n", f"\n{shown}\n")
    (ROOT / "README.md").write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(fill())
