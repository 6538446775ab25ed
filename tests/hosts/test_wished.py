"""Hosts for companions that wish a model of their own, and what is said where it cannot be had."""

from __future__ import annotations

import pytest

from extension.characters import Expert
from extension.hosts.openai_http import OpenAIHTTP
from extension.hosts.scripted import Scripted
from extension.hosts.wished import Wished, unmet
from extension.settings import load
from tests.hosts.openai_double import Double, says

LISTED = says({"data": [{"id": "small"}, {"id": "big"}]})


@pytest.fixture
def wished():
    return Wished()


def test_who_wishes_nothing_gets_the_usual_host(wished, tmp_path):
    usual = Scripted(model="usual")
    assert wished.host(Expert(), load({}, data_dir=tmp_path), usual) == (usual, "")


def test_a_host_that_was_handed_in_stays_and_that_is_said(wished, tmp_path):
    usual = Scripted(model="usual", adapter="a,b")
    settings = load({}, data_dir=tmp_path)
    host, told = wished.host(Expert(model="other", adapter="c"), settings, usual, given=True)
    assert (host, told) == (
        usual,
        "This companion wishes the model “other” and the adapter “c”, which cannot be switched to here; usual answers.",
    )
    assert wished.host(Expert(model="/models/usual/", adapter="b"), settings, usual, given=True) == (usual, "")


def test_a_server_is_asked_for_the_model_if_it_serves_it(wished, tmp_path):
    with Double() as server:
        server.answers["/v1/models"] = LISTED
        settings = load({}, data_dir=tmp_path, host=server.url, model="small")
        usual = OpenAIHTTP(server.url, "small")
        host, told = wished.host(Expert(model="big"), settings, usual)
        assert (host.model, told) == ("big", "")
        assert wished.host(Expert(model="big"), settings, usual)[0] is host
        host, told = wished.host(Expert(model="huge"), settings, usual)
        assert host is usual
        assert "wishes the model “huge”" in told and "small answers" in told and "Load it there" in told


def test_the_webui_as_a_server_answers_with_what_it_has_loaded(wished, tmp_path):
    with Double() as server:
        server.answers["/v1/models"] = LISTED
        server.answers["/v1/internal/model/info"] = says({"model_name": "small", "lora_names": ["poems"]})
        settings = load({}, data_dir=tmp_path, host=server.url)
        usual = OpenAIHTTP(server.url)
        assert wished.host(Expert(model="big"), settings, usual)[0] is usual
        assert wished.host(Expert(adapter="poems"), settings, usual) == (usual, "")
        assert "the adapter “prose”" in wished.host(Expert(adapter="prose"), settings, usual)[1]


def test_an_embedded_model_that_is_not_there_is_said_and_the_usual_one_answers(wished, tmp_path):
    usual = Scripted(model="usual")
    host, told = wished.host(Expert(model=str(tmp_path / "nowhere")), load({}, data_dir=tmp_path, host="embedded"), usual)
    assert host is usual
    assert told.startswith("This companion wishes the model “") and "usual answers." in told


def test_nothing_is_asked_of_the_host_where_nothing_is_wished():
    assert unmet(Expert(), None) == ""
