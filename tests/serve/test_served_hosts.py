"""A server on a loopback is asked under this machine's names alone, and under those that are allowed."""

import json

import pytest
from serving_clients import asked

from automl.errors import RecipeError
from automl.serve.application import application
from automl.serve.hosts import allowed_hosts, host_of
from automl.serve.settings import Settings


def status_of(model, host, **settings):
    return asked(model, ("GET", "/health", {"headers": {"Host": host}}), **settings)[0]


OWN = ["localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "[0:0:0:0:0:0:0:1]"]
OTHERS = ["evil.example", "localhost.evil.example", "localhost:8000.evil.example", "127.0.0.1.evil.example", "", "[::1",
          "[::1]evil", "169.254.1.1", "x@localhost", "localhost/x", "0.0.0.0"]  # fmt: skip


def test_a_page_that_rebinds_its_name_is_sent_away(model):
    requests = [("GET", path, {"headers": {"Host": host}}) for host in OTHERS for path in ("/health", "/predict")]
    for answer in asked(model, *requests):
        assert answer.status_code == 421 and answer.json()["error"]["code"] == "host"


def test_this_machines_own_names_are_answered(model):
    answers = asked(model, *[("GET", "/health", {"headers": {"Host": host}}) for host in OWN])
    assert [answer.status_code for answer in answers] == [200] * len(OWN)


def test_a_request_with_two_hosts_or_none_is_sent_away(model):
    import asyncio

    app = application(model, Settings("model"))

    async def status(headers):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/health", "raw_path": b"/health", "query_string": b"",
                 "headers": headers}  # fmt: skip
        await app(scope, None, send)
        return sent[0]["status"]

    own = (b"host", b"localhost")
    assert [asyncio.run(status(h)) for h in ([own], [own, (b"host", b"evil.example")], [])] == [200, 421, 421]


@pytest.mark.parametrize(("settings", "host", "status"), [
    ({"allowed_hosts": ("Models.example.org",)}, "models.example.org:443", 200),
    ({"allowed_hosts": ("models.example.org",)}, "localhost", 200),
    ({"allowed_hosts": ("models.example.org",)}, "example.org", 421),
    ({"allowed_hosts": ("*",)}, "evil.example", 200),
    ({"host": "0.0.0.0"}, "models.example.org", 200),
    ({"host": "0.0.0.0", "allowed_hosts": ("models.example.org",)}, "models.example.org", 200),
    ({"host": "0.0.0.0", "allowed_hosts": ("models.example.org",)}, "localhost", 421),
    ({"host": "127.0.0.2"}, "127.0.0.2:80", 200),
    ({"host": "::1"}, "[::1]:80", 200),
    ({"host": "localhost"}, "localhost:80", 200),
])  # fmt: skip
def test_which_names_are_allowed(settings, host, status):
    allowed = allowed_hosts(Settings("model", **settings))
    assert (allowed is None or host_of(host) in allowed) == (status == 200)


@pytest.mark.parametrize("name", ["http://localhost", "localhost:8000", "a b", "", "a/b", "-a", "*.example.org"])
def test_what_is_no_name_is_refused_in_words(model, name):
    with pytest.raises(RecipeError, match=r"allow_host: expected the name or address of a host"):
        application(model, Settings("model", allowed_hosts=(name,)))


def test_the_description_knows_the_answer(model):
    described = json.loads(asked(model, ("GET", "/schema", {}))[0].content)
    assert "421" in described["paths"]["/predict"]["post"]["responses"]
