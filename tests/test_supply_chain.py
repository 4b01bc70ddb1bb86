"""What is installed is what was meant."""

import re
import tomllib

from packaging.requirements import Requirement


def locked(project):
    """Return the locked versions and the hashes of each."""
    text = (project / "requirements.lock").read_text()
    entries = re.split(r"^(?=[a-z])", text.replace("\\\n", ""), flags=re.MULTILINE)[1:]
    pinned = [
        re.match(r"([a-z0-9-]+)==(\S+)(?: ;[^#]*?)?\s+--hash", e) for e in entries
    ]
    assert all(pinned), entries
    return {
        match[1]: (match[2], re.findall(r"--hash=sha256:[0-9a-f]{64}\b", match.string))
        for match in pinned
        if match
    }


def test_the_lock_fits_the_project_and_every_file_has_a_hash(project):
    metadata = tomllib.loads((project / "pyproject.toml").read_text())
    versions = locked(project)
    assert all(hashes_ for _, hashes_ in versions.values())
    for text in metadata["project"]["dependencies"]:
        needed = Requirement(text)
        assert needed.specifier.contains(versions[needed.name.lower()][0])


def test_the_lock_names_no_place_to_install_from(project):
    text = (project / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|^--", text, re.MULTILINE)


def test_the_crawler_depends_on_little(project):
    metadata = tomllib.loads((project / "pyproject.toml").read_text())
    needed = map(Requirement, metadata["project"]["dependencies"])
    everywhere = {need.name for need in needed if need.marker is None}
    for_speed = {"msgspec", "zstandard"}  # decisions.md has the figures
    assert everywhere == {"scrapy", "python-dotenv", "itemadapter"} | for_speed


def test_every_test_that_the_table_names_exists_in_the_file_it_names(project):
    table = (project / "docs" / "security.md").read_text()
    named = re.findall(r"((?:`test_\w+`(?:, )?)+)[^|(]*\((test_\w+\.py)\)", table)
    found = [
        (name, file) for names, file in named for name in re.findall(r"test_\w+", names)
    ]
    assert len(found) == table.count("`test_")
    for name, file in found:
        assert f"def {name}(" in (project / "tests" / file).read_text(), name
