"""What the environment must hold, and what is said when it does not."""

import base64
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from gorgias_crawler import config
from gorgias_crawler.config import (
    VARIABLES,
    environment,
    is_loopback,
    read_account,
    read_env_file,
)
from gorgias_crawler.errors import ConfigurationError

USER = {"GORGIAS_API_USER": "ana@example.org", "GORGIAS_API_KEY": "k3y"}
BASIC = "Basic " + base64.b64encode(b"ana@example.org:k3y").decode()


@pytest.mark.parametrize(
    "subdomain", ["acme", "ACME", "acme.gorgias.com", "https://acme.gorgias.com/"]
)
def test_a_subdomain_is_understood_as_people_write_it(subdomain):
    account = read_account({"GORGIAS_SUBDOMAIN": subdomain, **USER})
    assert account.base_url == "https://acme.gorgias.com/api"
    assert account.name == "acme"
    assert account.host == "acme.gorgias.com"


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/api"),
        ("http://localhost:8000/api/", "http://localhost:8000/api"),
        ("http://[::1]:8000/api", "http://[::1]:8000/api"),
        ("https://proxy.example/gorgias/api", "https://proxy.example/gorgias/api"),
        ("HTTPS://Proxy.Example:8443/Api/", "https://proxy.example:8443/Api"),
        ("http://LocalHost:/", "http://localhost/api"),
    ],
)
def test_an_api_url_replaces_the_whole_base_url(url, base_url):
    environ = {"GORGIAS_API_URL": url, "GORGIAS_SUBDOMAIN": "acme", **USER}
    assert read_account(environ).base_url == base_url


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (USER, BASIC),
        ({"GORGIAS_AUTH_STRING": BASIC}, BASIC),
        ({"GORGIAS_AUTH_STRING": BASIC.removeprefix("Basic ")}, BASIC),
        ({"GORGIAS_AUTH_STRING": BASIC, "GORGIAS_API_USER": "other"}, BASIC),
        ({"GORGIAS_ACCESS_TOKEN": "to.ken"}, "Bearer to.ken"),
        ({"GORGIAS_ACCESS_TOKEN": "Bearer to.ken"}, "Bearer to.ken"),
        ({"GORGIAS_ACCESS_TOKEN": "to.ken", **USER}, BASIC),
    ],
)
def test_each_form_of_credentials_makes_its_header(credentials, header):
    account = read_account({"GORGIAS_SUBDOMAIN": "acme", **credentials})
    assert account.authorization == header


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({}, "GORGIAS_SUBDOMAIN"),
        (USER, "GORGIAS_SUBDOMAIN"),
        ({"GORGIAS_SUBDOMAIN": "  ", **USER}, "GORGIAS_SUBDOMAIN"),
        ({"GORGIAS_SUBDOMAIN": "acme"}, "GORGIAS_API_KEY"),
        ({"GORGIAS_SUBDOMAIN": "a", "GORGIAS_API_USER": "u"}, "GORGIAS_API_KEY"),
        ({"GORGIAS_SUBDOMAIN": "a", "GORGIAS_API_KEY": "s3cret"}, "GORGIAS_API_USER"),
        ({"GORGIAS_SUBDOMAIN": "a", "GORGIAS_AUTH_STRING": "!"}, "GORGIAS_AUTH_STRING"),
        (
            {"GORGIAS_SUBDOMAIN": "a", "GORGIAS_AUTH_STRING": "czNjcmV0"},
            "GORGIAS_AUTH_STRING",
        ),
        (
            {"GORGIAS_SUBDOMAIN": "a", "GORGIAS_ACCESS_TOKEN": "s3cret\r\nX: y"},
            "GORGIAS_ACCESS_TOKEN",
        ),
        ({"GORGIAS_API_URL": "http://acme.gorgias.com", **USER}, "GORGIAS_API_URL"),
        ({"GORGIAS_API_URL": "ftp://127.0.0.1", **USER}, "GORGIAS_API_URL"),
        ({"GORGIAS_API_URL": "acme.gorgias.com", **USER}, "GORGIAS_API_URL"),
        ({"GORGIAS_API_URL": "https://u:s3cret@x.y", **USER}, "GORGIAS_API_URL"),
        ({"GORGIAS_API_URL": "https://x.y/?a=b", **USER}, "GORGIAS_API_URL"),
        ({"GORGIAS_API_URL": "https://x.y:port/", **USER}, "GORGIAS_API_URL"),
        ({"GORGIAS_API_URL": "http://[::1", **USER}, "GORGIAS_API_URL"),
        ({"GORGIAS_API_URL": "https://x.y/é/api", **USER}, "GORGIAS_API_URL"),
        ({"GORGIAS_API_URL": "https://é.y/api", **USER}, "GORGIAS_API_URL"),
        ({"GORGIAS_API_URL": "https://x.y/a b", **USER}, "GORGIAS_API_URL"),
        ({**USER, "GORGIAS_API_USER": "s3cret\udcff"}, "GORGIAS_API_USER"),
        ({**USER, "GORGIAS_API_KEY": "s3cret\0"}, "GORGIAS_API_KEY"),
        ({"GORGIAS_SUBDOMAIN": "a", "GORGIAS_AUTH_STRING": "é"}, "GORGIAS_AUTH_STRING"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_is_shown(environ, variable):
    with pytest.raises(ConfigurationError) as caught:
        read_account(environ)
    assert variable in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=70))
def test_no_subdomain_leads_the_key_to_another_host(text):
    try:
        account = read_account({"GORGIAS_SUBDOMAIN": text, **USER})
    except ConfigurationError:
        return
    assert account.host.removesuffix(".gorgias.com").isascii()
    assert account.host.count(".") == 2
    assert account.host.endswith(".gorgias.com")


@given(st.from_regex(r"(?i)https?://[a-z0-9.:@é\[\]-]{1,20}(/[!-~é]{0,20})?"))
def test_every_url_that_is_taken_is_the_one_that_scrapy_asks_for(url):
    try:
        account = read_account({"GORGIAS_API_URL": url, **USER})
    except ConfigurationError:
        return
    asked = f"{account.base_url}/account"
    assert Request(asked).url == asked


@pytest.mark.parametrize(
    "bytes_",
    [b"\xef\xbb\xbfA=1\r\nB=2\r\n", b"A=1\nB=2\n"],
)
def test_an_env_file_may_be_of_windows(tmp_path, bytes_):
    path = tmp_path / ".env"
    path.write_bytes(bytes_)
    assert read_env_file(path) == "A=1\nB=2\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_an_env_file_in_another_encoding_is_refused(tmp_path, encoding):
    path = tmp_path / ".env"
    path.write_text("A=é\n", encoding)
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_env_file(path)


def test_a_directory_named_env_holds_no_variables(tmp_path):
    assert read_env_file(tmp_path) == ""
    assert read_env_file(tmp_path / "missing") == ""


def test_an_env_file_that_cannot_be_read_is_told(tmp_path):
    path = tmp_path / ".env"
    path.touch()
    with (
        mock.patch.object(Path, "read_text", side_effect=PermissionError(13, "Denied")),
        pytest.raises(ConfigurationError, match=r"cannot be read \(Denied\)"),
    ):
        read_env_file(path)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("GORGIAS_API_KEY", '"s3cret"', "has quotes around it"),
        ("GORGIAS_API_KEY", "'s3cret'", "has quotes around it"),
        ("GORGIAS_API_KEY", "s3cret # of the shop", "has a blank in it"),
        ("GORGIAS_API_USER", '"ana@example.org"', "has quotes around it"),
        ("GORGIAS_AUTH_STRING", f'"{BASIC}"', "has quotes around it"),
        ("GORGIAS_ACCESS_TOKEN", "to ken", "has a blank in it"),
        ("GORGIAS_SUBDOMAIN", '"acme"', "has quotes around it"),
    ],
)
def test_what_a_value_was_given_on_its_way_is_told_before_the_first_call(
    name, value, fault
):
    environ = {"GORGIAS_SUBDOMAIN": "acme", **USER} | {name: value}
    with pytest.raises(ConfigurationError) as caught:
        read_account(environ)
    assert f"{name} {fault}" in str(caught.value)
    assert "s3cret" not in str(caught.value)


LONG = base64.b64encode(b"ana@example.org:" + b"k" * 64).decode()


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("after", ["", "\nGORGIAS_SUBDOMAIN=acme\n"])
def test_a_value_that_was_wrapped_is_told_by_its_line_and_not_shown(width, after):
    wrapped = f"{LONG[:width]}\n{LONG[width:]}"
    text = f"# our key\nGORGIAS_AUTH_STRING={wrapped}{after}"
    with pytest.raises(ConfigurationError) as caught:
        environment.check_lines(text)
    assert "line 3" in str(caught.value)
    assert "GORGIAS_AUTH_STRING" in str(caught.value)
    assert LONG[width:] not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PATH=a\nGORGIAS_API_KEY='s3cret\n", "line 2: this is not NAME=VALUE"),
        ("GORGIAS_API_USER=a\nGORGIAS_API_KEY: s3cret", "line 2: this is not NAME="),
        ("https_proxy: http://u:s3cret@p\n", "line 1: this is not NAME=VALUE"),
        ("GORGIAS_API_KEY=s3cret\n" * 2, "line 2: GORGIAS_API_KEY is given a second"),
    ],
)
def test_a_line_that_would_be_ignored_is_told_by_its_number(text, words):
    with pytest.raises(ConfigurationError) as caught:
        environment.check_lines(text)
    assert f".env, {words}" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"GORGIAS_AUTH_STRING={LONG}\nGORGIAS_SUBDOMAIN=acme\n",
        f"GORGIAS_AUTH_STRING={LONG[:76]}\nGORGIAS_SUBDOMAIN=acme\n",
        "GORGIAS_API_KEY=a\nEMPTY=\n",
        "GORGIAS_API_KEY=a\n\n# a word\nexport PATH\n",
        "OTHER=a\nOTHER=b\nnonsense\n",
    ],
)
def test_an_env_file_without_a_cut_value_is_taken(text):
    environment.check_lines(text)


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy.example:3128",
        "https://u:s3cret@proxy.example",
        "socks5://p:1",
        "u:s3cret@p:1",
        "http://",
    ],
)
def test_a_proxy_that_cannot_be_spoken_to_is_refused_without_its_password(proxy):
    with pytest.raises(ConfigurationError) as caught:
        environment.check_proxy({"https": proxy}, "https://acme.gorgias.com/api")
    assert "https_proxy" in str(caught.value)
    assert "http://HOST:PORT" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("proxies", "url"),
    [
        ({}, "https://acme.gorgias.com/api"),
        ({"https": "http://u:p@proxy.example:3128"}, "https://acme.gorgias.com/api"),
        ({"http": "nonsense"}, "https://acme.gorgias.com/api"),
        ({"http": "nonsense"}, "http://127.0.0.1:8000/api"),
    ],
)
def test_a_proxy_that_is_right_or_not_used_is_let_be(proxies, url):
    environment.check_proxy(proxies, url)


def test_an_account_hides_its_credentials_when_it_is_printed():
    account = read_account({"GORGIAS_SUBDOMAIN": "acme", **USER})
    assert account.authorization not in repr(account)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("localhost.x", False)],
)
def test_loopback_is_known_by_name_alone(host, expected):
    assert is_loopback(host) is expected


def test_every_variable_is_in_the_example_file(project):
    example = (project / ".env.example").read_text()
    assert all(f"{name}=" in example for name in VARIABLES)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("GORGIAS_API_KEYS", "GORGIAS_API_KEY"),
        ("GORGIAS_APIKEY", "GORGIAS_API_KEY"),
        ("GORGIAS_SUBDOMIAN", "GORGIAS_SUBDOMAIN"),
        ("gorgias_api_key", "GORGIAS_API_KEY"),
        ("GORGIAS_SPREADSHEETSAFE", "GORGIAS_SPREADSHEET_SAFE"),
    ],
)
def test_a_variable_that_is_almost_ours_is_refused_without_its_value(name, nearest):
    with pytest.raises(ConfigurationError) as raised:
        environment.check_names({name: "s3cret"})
    assert f"{name} in .env" in str(raised.value)
    assert f"do you mean {nearest}?" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    "name", ["GORGIAS_DOMAIN", "GORGIAS_WEBHOOK_SECRET", "PATH", "GORGIAS_API_TOKEN"]
)
def test_a_variable_of_another_program_is_let_be(name):
    environment.check_names({name: "x"})
    environment.check_names(dict.fromkeys(config.VARIABLES, "x"))


@pytest.mark.parametrize("name", config.SETTINGS)
def test_a_setting_in_the_environment_is_refused_with_how_to_give_it(name):
    with pytest.raises(ConfigurationError, match=f"-s {name}=True"):
        environment.check_names({name: "True"})
