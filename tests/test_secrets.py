"""What other systems' secrets leave in the archive: nothing but their names."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.api.secrets import (
    REMOVED,
    of_account,
    of_integration,
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
    ["access_token", "apiKey", "api_key", "clientSecret", "password", "x509cert"],
)
@given(value=VALUES)
def test_no_field_whose_name_says_secret_is_kept_wherever_it_is(name, value):
    meta = {"deep": [{name: value}], "address": "a@shop.example"}
    found = of_integration({"id": 1, "meta": meta, "http": None})
    assert SECRET not in json.dumps(found)
    assert found["meta"]["address"] == "a@shop.example"


def test_a_request_is_known_by_its_headers_wherever_it_is():
    action = {"url": f"https://a.example/{SECRET}", "headers": [{"X": SECRET}]}
    found = without_secrets({"actions": [{"name": "http", "arguments": action}]})
    assert SECRET not in json.dumps(found)
    assert "a.example" in json.dumps(found)


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
