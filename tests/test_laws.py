"""Laws over the whole code base."""

import ast
import pkgutil
import re

import pytest

# The rooms in their order: a room imports only from itself and from those above it.
PURE = [
    "errors", "wording", "redact", "command_line", "durable", "config", "items", "api",
    "archive", "fetch", "emit", "arguments", "job", "report", "sandbox",
]  # fmt: skip
FACES = [
    "settings", "feeds", "pipelines", "scheduler", "logformatter", "refusals", "middlewares",
    "spiders", "extensions", "commands", "__main__",
]  # fmt: skip
ROOMS = [*PURE, *FACES]
STRANGERS = {("spiders", "middlewares")}  # though one stands above the other
OF_SCRAPY = {"scrapy", "twisted", "itemadapter"}
PACKAGE = "gorgias_crawler"
LONGEST_MODULE = 300
LARGEST_ROOM = 1200


def modules(project):
    found = sorted((project / PACKAGE).rglob("*.py"))
    assert found, project
    return found


def room(path, project):
    return path.relative_to(project / PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    """Yield the full names of what *path* imports, wherever in the module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(path):
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == PACKAGE and rest != "__version__":
            yield rest.split(".")[0]


def lines(path):
    return len(path.read_text().splitlines())


def test_every_module_is_in_a_room_and_every_room_is_there(project):
    found = {room(path, project) for path in modules(project)}
    assert found == {*ROOMS, "__init__"}


def test_a_room_imports_only_from_itself_and_from_those_above_it(project):
    for path in modules(project):
        here = room(path, project)
        for other in rooms_imported(path):
            assert here in ROOMS, f"{path} imports {other}"
            assert other in ROOMS[: ROOMS.index(here) + 1], f"{path} imports {other}"
            assert (here, other) not in STRANGERS, f"{path} imports {other}"


def test_a_pure_room_imports_nothing_of_scrapy(project):
    for path in modules(project):
        if room(path, project) in PURE:
            tops = {name.split(".")[0] for name in imported(path)}
            assert not tops & OF_SCRAPY, path


def test_only_commands_import_the_sandbox(project):
    for path in modules(project):
        if room(path, project) not in {"sandbox", "commands"}:
            assert "sandbox" not in rooms_imported(path), path


def test_the_map_in_contributing_is_the_tree(project):
    text = (project / "CONTRIBUTING.md").read_text()
    (tree,) = re.findall(r"\n\n(    errors .*\n(?:    .*\n)+)", text)
    shown = re.findall(r"^    (\w+)(/?)", tree, re.MULTILINE)
    assert [name for name, _ in shown] == ROOMS
    for name, slash in shown:
        assert (project / PACKAGE / name).is_dir() == bool(slash), name
    assert lines(project / "CONTRIBUTING.md") <= 100


def test_modules_are_of_a_size_that_can_be_read_at_once(project):
    for path in modules(project):
        assert lines(path) <= LONGEST_MODULE, path


def test_a_room_is_of_a_size_that_can_be_known_or_a_decision_says_why(project):
    decisions = (project / "docs" / "decisions.md").read_text()
    excused = " ".join(re.findall(r"^## \d+\. .*1,200 lines$", decisions, re.MULTILINE))
    for name in ROOMS:
        size = sum(lines(p) for p in modules(project) if room(p, project) == name)
        assert size <= LARGEST_ROOM or f"`{name}/`" in excused, f"{name}: {size} lines"


# Tests replace parts of the crawler by their names, often in the code of a settings
# module that another process runs: where the name is gone, nothing would be replaced,
# and the test would hold nothing any more.


def texts(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (getattr(part, "value", "None") for part in node.values)
            yield "".join(p if isinstance(p, str) else "None" for p in parts)


def resolved(name, where):
    try:
        return pkgutil.resolve_name(name)
    except (ImportError, AttributeError) as error:
        raise AssertionError(f"{where}: {name} is gone") from error


def check_code(tree, where):
    """Check that what *tree* imports of the crawler, and replaces there, exists."""
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            for alias in node.names:
                if alias.name != "*":
                    target = resolved(f"{node.module}.{alias.name}", where)
                    known[alias.asname or alias.name] = target
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else []:
            owner = getattr(target, "value", None)
            if isinstance(owner, ast.Name) and owner.id in known:
                assert isinstance(target, ast.Attribute)
                has = hasattr(known[owner.id], target.attr)
                assert has, f"{where}: {owner.id}.{target.attr} is gone"


def check_text(text, where):
    if re.fullmatch(rf"{PACKAGE}(\.\w+)+", text):
        resolved(text, where)
    elif f"from {PACKAGE}" in text:
        try:
            tree = ast.parse(text)
        except SyntaxError:
            return  # a sentence
        check_code(tree, where)


def test_whatever_a_test_replaces_by_its_name_exists(project):
    for path in sorted((project / "tests").glob("*.py")):
        for text in texts(ast.parse(path.read_text())):
            check_text(text, path.name)


@pytest.mark.parametrize(
    "text",
    [
        f"{PACKAGE}.feeds.storages.synchronise",
        f"from {PACKAGE}.fetch import answer\n",
        f"from {PACKAGE} import api\ndef broken(body): ...\napi.parse_letters = broken",
    ],
)
def test_a_name_that_is_gone_is_noticed(text):
    with pytest.raises(AssertionError, match="is gone"):
        check_text(text, "here")


def test_every_setting_of_ours_is_documented(project):
    settings = (project / PACKAGE / "settings.py").read_text()
    readme = (project / "README.md").read_text()
    for name in re.findall(r"^(GORGIAS_\w+) =", settings, re.MULTILINE):
        assert f"`{name}`" in readme, name
