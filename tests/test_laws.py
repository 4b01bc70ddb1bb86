"""Laws over the whole code base."""

import ast
import re

CORE = {
    "api", "archive", "arguments", "config", "durable", "emit", "errors", "fetch",
    "items", "job", "redact", "wording",
}  # fmt: skip
FACES_OF_SCRAPY = {"scrapy", "twisted", "itemadapter"}


def modules(project):
    return sorted((project / "gorgias_crawler").rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(path, project):
    return path.relative_to(project / "gorgias_crawler").parts[0].removesuffix(".py")


def test_the_core_imports_neither_scrapy_nor_a_face(project):
    parts = {part(path, project) for path in modules(project)}
    faces = parts - CORE - {"__init__"}
    for path in modules(project):
        if part(path, project) not in CORE:
            continue
        for name in imported(path):
            top, _, rest = name.partition(".")
            assert top not in FACES_OF_SCRAPY, f"{path.name} imports {name}"
            if top == "gorgias_crawler" and rest:
                assert rest.split(".")[0] not in faces, f"{path.name} imports {name}"


def test_only_commands_import_the_sandbox(project):
    for path in modules(project):
        if part(path, project) not in {"sandbox", "commands"}:
            assert not any(
                name.startswith("gorgias_crawler.sandbox") for name in imported(path)
            ), path


def test_every_core_module_exists(project):
    assert {part(path, project) for path in modules(project)} >= CORE


def test_modules_are_of_a_size_that_can_be_read_at_once(project):
    for path in modules(project):
        assert len(path.read_text().splitlines()) <= 310, path


def test_every_setting_of_ours_is_documented(project):
    settings = (project / "gorgias_crawler" / "settings.py").read_text()
    readme = (project / "README.md").read_text()
    for name in re.findall(r"^(GORGIAS_\w+) =", settings, re.MULTILINE):
        assert f"`{name}`" in readme, name
