"""Several accounts: each has a file of its own, and nothing reaches another's."""

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.config import accounts
from gorgias_crawler.config.accounts import find_account, shared_variables
from gorgias_crawler.errors import ConfigurationError
from tests.test_config import BASIC, LONG, USER

LINES = "".join(f"{name}={value}\n" for name, value in USER.items())
ACME = f"GORGIAS_SUBDOMAIN=acme\n{LINES}"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with the file of one account."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "accounts").mkdir()
    write(tmp_path / "accounts" / "acme.env", ACME)
    return tmp_path


def write(path, text):
    path.write_text(text)
    path.chmod(0o600)


def refusal(environ=None, **asked):
    with pytest.raises(ConfigurationError) as caught:
        find_account(environ or {}, **asked)
    told = str(caught.value)
    assert "\n" not in told
    assert "s3cret" not in told
    return told


def test_the_file_of_an_account_counts_alone(here):
    write(here / ".env", "GORGIAS_SUBDOMAIN=other\nGORGIAS_AUTH_STRING=s3cret\n")
    account = find_account({"PATH": "/bin"}, name="acme")
    assert account.base_url == "https://acme.gorgias.com/api"
    assert account.authorization == BASIC
    assert (account.name, account.is_chosen) == ("acme", True)
    assert account.place == "accounts/acme.env"


def test_another_file_counts_alone_and_has_the_name_of_its_account(here):
    write(here / "prod.env", ACME)
    account = find_account({}, env_file="prod.env")
    assert (account.name, account.place) == ("acme", "prod.env")
    assert account.authorization == BASIC


def test_an_account_may_have_its_file_elsewhere(here):
    write(here / "key", ACME.replace("acme", "other"))
    account = find_account({}, name="acme", env_file="key")
    assert account.base_url == "https://other.gorgias.com/api"
    assert (account.name, account.place) == ("acme", "key")


def test_the_environment_comes_before_the_default_file(here):
    write(here / ".env", ACME)
    account = find_account({"GORGIAS_SUBDOMAIN": "shop"})
    assert account.base_url == "https://shop.gorgias.com/api"
    assert account.authorization == BASIC
    assert account.place == ".env or the environment"
    assert account.file == Path(".env")
    assert find_account({**USER, "PATH": "/bin"}).file is None


@pytest.mark.parametrize("asked", [{"name": "acme"}, {"env_file": "accounts/acme.env"}])
def test_credentials_beside_the_file_are_refused_by_their_names(here, asked):
    environ = {"GORGIAS_API_KEY": "s3cret", "GORGIAS_API_URL": "s3cret"}
    told = refusal(environ, **asked)
    assert "GORGIAS_API_KEY and GORGIAS_API_URL in the environment" in told
    assert "accounts/acme.env alone" in told
    blank = find_account({"GORGIAS_API_KEY": " ", "GORGIAS_BOT": "1"}, **asked)
    assert blank.authorization == BASIC


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "a\\b", ".acme", "a b", "a\0", "a:b", "é\udce9"],
)
def test_a_name_that_is_no_file_name_is_refused(here, name):
    assert f"-a account={name}: give the name of a file" in refusal(name=name)
    assert "give the name" in refusal(name=name, env_file="accounts/acme.env")


@given(st.text(max_size=70))
def test_no_name_leads_out_of_the_directory(name):
    try:
        path = accounts._file_of(name)
    except ConfigurationError:
        return
    assert path.parent == accounts.ACCOUNTS
    assert path.name == f"{name}.env"
    assert not path.name.startswith(".")
    assert "%" not in name  # FEEDS would fill it in


def test_a_file_that_is_missing_is_told_with_those_that_there_are(here):
    write(here / "accounts" / "beta.env", "")
    (here / "accounts" / ".env").touch()
    told = refusal(name="acne")
    assert f"there is no file {here}/accounts/acne.env" in told
    assert "GORGIAS_API_KEY into it" in told
    assert told.endswith("there are the accounts acme, beta.")
    assert "no file /nowhere" in refusal(env_file="/nowhere")


def test_an_account_that_is_not_named_is_asked_for(here):
    told = refusal({"PATH": "/bin", "GORGIAS_API_KEY": ""})
    assert told.startswith("Which account? Name it with -a account=acme; there are")
    assert "GORGIAS_SUBDOMAIN is not set" in refusal({"GORGIAS_API_KEY": "s3cret"})
    (here / "accounts" / "acme.env").unlink()
    assert "GORGIAS_SUBDOMAIN is not set" in refusal()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "GORGIAS_SUBDOMAIN is not set: write it into accounts/bad.env"),
        (LINES, "GORGIAS_SUBDOMAIN is not set: write it into accounts/bad.env"),
        (
            "GORGIAS_SUBDOMAIN=a\nGORGIAS_API_KEY=s3cret",
            "is: write it into accounts/bad.env",
        ),
        ("GORGIAS_SUBDOMAIN=a", "write them into accounts/bad.env"),
        (
            f"{ACME}GORGIAS_AUTH_STRING={LONG[:76]}\n{LONG[76:]}\n",
            "accounts/bad.env, line 5: this looks like the rest of GORGIAS_AUTH_STRING",
        ),
        (
            f'{ACME}GORGIAS_ACCESS_TOKEN="s3cret token"\n',
            "accounts/bad.env: GORGIAS_ACCESS_TOKEN has a blank in it",
        ),
        (f"{ACME}GORGIAS_API_URL=http://a.b\n", "accounts/bad.env: GORGIAS_API_URL: "),
        (f"{ACME}GORGIAS_API_KEYS=s3cret\n", "GORGIAS_API_KEYS in accounts/bad.env"),
        (f"{ACME}GORGIAS_MAX_OUTAGE=9\n", "is not read from accounts/bad.env"),
        (
            f"{ACME}https_proxy=http://u:s3cret@proxy.example\n",
            "accounts/bad.env, line 4: https_proxy is not of an account",
        ),
        (f"s3cret of the shop\n{ACME}", "accounts/bad.env, line 1: this is not NAME="),
        (f"{ACME}GORGIAS_PING_URL\n", "bad.env, line 4: this is not NAME=VALUE"),
        (f"{ACME}GORGIAS_API_KEY=s3cret", "line 4: GORGIAS_API_KEY is given a second"),
        (f"export S3CRET\n{ACME}", "accounts/bad.env, line 1: this is not NAME=VALUE"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_name(here, caplog, text, words):
    write(here / "accounts" / "bad.env", text)
    assert words in refusal(name="bad")
    with contextlib.suppress(ConfigurationError):
        accounts.find_ping_url({}, name="bad")  # as a refusal looks for its monitor
    assert caplog.text == ""


def test_a_file_that_cannot_be_entered_or_read_is_told(here, monkeypatch):
    def denied(*_args, **_kwargs):
        raise PermissionError(13, "Denied")

    monkeypatch.setattr("pathlib.Path.is_file", denied)
    assert refusal(name="acme").startswith("accounts/acme.env cannot be read (Denied)")


def test_only_the_account_is_kept_out_of_the_environment(here):
    write(here / ".env", f"{ACME}https_proxy=http://p:1\nAWS_PROFILE=a\n")
    shared = shared_variables({"AWS_PROFILE": "b"})
    assert shared == {"https_proxy": "http://p:1"}


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs rights of POSIX")
@pytest.mark.parametrize(
    ("mode", "is_open"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)]
)
def test_a_key_that_others_may_read_is_noticed(here, mode, is_open):
    path = here / "accounts" / "acme.env"
    path.chmod(mode)
    assert accounts.is_open_to_others(path) is is_open


@pytest.mark.parametrize("denied", ["getuid", "access"])
def test_a_file_that_only_others_can_mend_is_let_be(here, monkeypatch, denied):
    path = here / "accounts" / "acme.env"
    path.chmod(0o644)
    monkeypatch.setattr(os, denied, lambda *_: -1 if denied == "getuid" else False)
    assert not accounts.is_open_to_others(path)
