"""What other systems' secrets leave in the archive: nothing but their names."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.api import pages
from gorgias_crawler.api.secrets import (
    REMOVED,
    of_account,
    of_integration,
    of_rule,
    without_secrets,
)

SECRET = "s3cr3t"
VALUES = st.recursive(
    st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["Accept", "X-Key", "a"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (
            f"https://hooks.example/{SECRET}?key={SECRET}#{SECRET}",
            "https://hooks.example",
        ),
        (
            f"https://{SECRET}:{SECRET}@hooks.example:8443/a",
            "https://hooks.example:8443",
        ),
        (f"https://[{SECRET}", None),
        (f"{{{{{SECRET}}}}}/a", None),
        (SECRET, None),
    ],
)
def test_of_an_integrations_address_only_the_host_is_kept(url, kept):
    found = of_integration({"id": 1, "http": {"url": url, "method": "POST"}})
    assert SECRET not in json.dumps(found)
    assert found["http"]["url"] == (f"{kept}/{REMOVED}" if kept else REMOVED)
    assert found["http"]["method"] == "POST"


@given(headers=VALUES, form=VALUES)
def test_no_value_of_headers_and_forms_is_kept(headers, form):
    found = of_integration({"id": 1, "http": {"headers": headers, "form": form}})
    assert SECRET not in json.dumps(found)


def test_the_names_of_headers_are_kept():
    http = {"url": None, "headers": {"X-Token": SECRET, "Accept": "a"}, "form": None}
    found = of_integration({"id": 1, "http": http})
    assert found["http"]["headers"] == {"X-Token": REMOVED, "Accept": REMOVED}
    assert found["http"]["form"] is None
    assert of_integration({"id": 1, "http": None})["http"] is None


@pytest.mark.parametrize(
    "name",
    [
        *("access_token", "apiKey", "api_key", "X-Api-Key", "clientSecret", "password"),
        *("x509cert", "signing-key", "auth", "jwt", "Proxy-Authorization", "cookies"),
    ],
)
@given(value=VALUES)
def test_no_field_whose_name_says_secret_is_kept_wherever_it_is(name, value):
    meta = {"deep": [{name: value}], "address": "a@shop.example"}
    found = of_integration({"id": 1, "meta": meta, "http": None})
    assert SECRET not in json.dumps(found)
    assert found["meta"]["address"] == "a@shop.example"
    assert SECRET not in json.dumps(without_secrets([{"name": name, "value": value}]))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"public_key": "a", "monkey": "b", "keyboard": "c"}, None),
        ({"name": "subject", "value": "a", "tokenless": None}, None),
        ({"url": "https://a.example/@x?a=1&b=2#c", "text": "x?token=a b://c"}, None),
        ({"text": "https://a.example/?token={{ticket.id}}"}, None),
        (
            {"url": f"https://me:{SECRET}@a.example/x?a=1&access_token={SECRET}#b"},
            {"url": f"https://{REMOVED}@a.example/x?a=1&access_token={REMOVED}#b"},
        ),
        (
            {"hook": f"https://a.example/{SECRET}"},
            {"hook": f"https://a.example/{REMOVED}"},
        ),
        (
            {"form": None, "body": SECRET, "params": {"a": [SECRET]}, "triggers": [1]},
            {
                "form": None,
                "body": REMOVED,
                "params": {"a": [REMOVED]},
                "triggers": [1],
            },
        ),
    ],
)
def test_a_value_is_kept_unless_its_name_or_place_says_secret(value, kept):
    assert without_secrets(value) == (kept or value)


def test_a_rule_has_no_syntax_tree_and_no_text_with_a_secret_name_in_its_code():
    code = (
        f"""Action('http', {{url: 'https://me:{SECRET}@a.example/?key=1&token={SECRET}',"""
        f""" headers: {{"X-Api-Key": "{SECRET} \\" {SECRET}", Accept: 'text'}}}});"""
        f""" token='{SECRET}'; if (message.body == 'token') {{}}"""
    )
    found = of_rule(
        {"id": 1, "code": code, "code_ast": {}, "settings": {"pwd": SECRET}}
    )
    assert SECRET not in json.dumps(found)
    assert found["code"].endswith("if (message.body == 'token') {}")
    assert "Accept: 'text'" in found["code"]
    assert found.keys() == {"id", "code", "settings"}


@pytest.mark.parametrize("part", ["token:'", "a", "?;", "://", "&a="])
def test_a_megabyte_of_odd_code_takes_no_longer_than_its_length(part):
    code = part * (10**6 // len(part))
    assert of_rule({"code": code})["code"].startswith(part[:3])


def test_a_request_is_known_by_its_headers_wherever_it_is():
    action = {"url": f"https://a.example/{SECRET}", "headers": [{"X": SECRET}]}
    found = without_secrets({"actions": [{"name": "http", "arguments": action}]})
    assert SECRET not in json.dumps(found)
    assert "a.example" in json.dumps(found)


CALL = {
    "method": "POST",
    "content_type": "application/json",
    "url": f"https://{SECRET}@a.example/{SECRET}?key={SECRET}",
}
SENT = st.dictionaries(
    st.sampled_from(["headers", "form", "params", "json", "more"]), VALUES
)


@given(sent=SENT, place=st.sampled_from(["name", "type"]))
def test_of_an_http_action_only_method_and_host_are_kept(sent, place):
    action = {place: "http", "title": "Tell the shop", "arguments": CALL | sent}
    macro = without_secrets({"id": 1, "actions": [action]})
    assert SECRET not in json.dumps(macro)
    (found,) = macro["actions"]
    assert found["title"] == "Tell the shop"
    host = {"url": f"https://a.example/{REMOVED}"}
    assert found["arguments"].items() >= (CALL | host).items()
    assert found["arguments"].keys() == action["arguments"].keys()


@given(sent=SENT)
def test_no_secret_of_a_messages_http_action_reaches_the_archive(sent):
    action = {"name": "http", "status": "success", "arguments": CALL | sent}
    message = {"id": 1, "ticket_id": 2, "body_text": SECRET[::-1], "actions": [action]}
    body = json.dumps({"data": [message], "meta": {}}).encode()
    (row,) = pages.parse_messages(body).rows
    assert SECRET.encode() not in row.raw
    kept = json.loads(row.raw)
    assert kept["actions"][0]["arguments"]["url"] == f"https://a.example/{REMOVED}"
    assert kept | {"actions": None} == message | {"actions": None}


@pytest.mark.parametrize(
    "actions",
    [
        "null",
        "[ ]",
        '[{"name": "addTags", "arguments": {"tags":"vip"}}]',
        '[{"name": "setResponseText", "arguments": {"body_text":"http"}}]',
        '[{"name": "http"}, "odd", 5]',
        '"odd"',
    ],
)
def test_a_message_without_such_secrets_keeps_the_text_that_was_sent(actions):
    text = f'{{"id":1,  "ticket_id" : 2, "actions":{actions}}}'
    (row,) = pages.parse_messages(f'{{"data": [{text}], "meta": {{}}}}'.encode()).rows
    assert row.raw == text.encode()


@given(data=VALUES)
def test_no_setting_of_the_sign_in_is_kept(data):
    hours = {"type": "business-hours", "data": {"timezone": "Europe/Paris"}}
    settings = [{"id": 1, "type": "access", "data": data}, hours, "odd"]
    found = of_account({"domain": "shop", "settings": settings})
    assert SECRET not in json.dumps(found)
    assert found["settings"][1:] == [hours, "odd"]


@pytest.mark.parametrize("odd", [None, [], "x", 5, {"settings": None}])
def test_no_shape_breaks_it(odd):
    of_integration({"http": odd, "meta": odd})
    of_account({"settings": odd})
    without_secrets([{"name": "http", "arguments": odd}, {"name": odd}])
