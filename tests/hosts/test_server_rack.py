"""Tests of exchanging the model of a server: one that lists several, one that has one, and the webui, which loads what it is told to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from extension.errors import CommandRefused, HostGarbled, HostRefused, HostTimeout, HostUnreachable, MissingModel
from extension.hosts import server_rack
from extension.hosts.openai_http import OpenAIHTTP
from extension.hosts.scripted import Scripted
from extension.hosts.server_rack import ServerRack
from extension.messages import Generation

from .contract import ask
from .openai_double import says, sends, speaks

BRIEF = Generation(max_new_tokens=8)


def silent(text):
    """Take no notice."""


def reply(host):
    return "".join(host.generate(ask("Hello"), BRIEF))


@pytest.fixture
def host(server):
    return OpenAIHTTP(server.url)


@pytest.fixture
def rack(host):
    return ServerRack(host)


class Loader:
    """The part of the webui that loads: refuses what a test names, and of some failures says nothing."""

    def __init__(self, server):
        self.model, self.adapters, self.loader = "small", [], "Transformers"
        self.asked, self.failing, self.silently = [], set(), set()
        self.tokenizer = True
        server.answers |= {
            "/v1/models": lambda visit, body: says({"data": [{"id": self.model}]})(visit, body),
            "/v1/internal/model/info": self.info,
            "/v1/internal/model/list": says({"model_names": ["small", "big", "torn"]}),
            "/v1/internal/model/load": self.load,
            "/v1/internal/token-count": self.count,
            "/v1/internal/lora/list": says({"lora_names": ["poems", "prose"]}),
            "/v1/internal/lora/load": self.wear,
            "/v1/internal/lora/unload": self.take_off,
        }

    def info(self, visit, body):
        says({"model_name": self.model, "lora_names": self.adapters, "loader": self.loader})(visit, body)

    def load(self, visit, body):
        self.model, self.adapters = body["model_name"], []
        self.asked.append(self.model)
        self.tokenizer = self.model not in self.failing | self.silently
        if self.model in self.failing:
            says({"detail": "Failed to load the model."}, 500)(visit, body)
        else:
            visit.whole(200, b'"OK"')

    def count(self, visit, body):
        if self.tokenizer:
            says({"length": 1})(visit, body)
        else:
            sends(b"Internal Server Error", 500, "text/plain")(visit, body)

    def wear(self, visit, body):
        if self.failing & set(body["lora_names"]):
            says({"detail": "Failed to apply the LoRA(s)."}, 400)(visit, body)
            return
        self.adapters = body["lora_names"]
        visit.whole(200, b'"OK"')

    def take_off(self, visit, body):
        self.adapters = []
        visit.whole(200, b'"OK"')


@pytest.fixture
def webui(server):
    return Loader(server)


# Servers that list their models


def test_a_model_that_is_listed_is_tried_and_then_asked_for(server, host, rack):
    server.answers["/v1/models"] = says({"data": [{"id": "small"}, {"id": "org/big", "max_model_len": 9000}]})
    assert (rack.models(), host.model, rack.kept) == (["small", "org/big"], "small", {})
    told = []
    assert rack.swap("org/big", told.append) == ""
    assert (host.model, host.context_length, rack.kept, told) == ("org/big", 9000, {"model": "org/big"}, ["Trying org/big."])
    reply(host)
    assert [seen.body["model"] for seen in server.asked("/v1/chat/completions")] == ["org/big", "org/big"]


def test_a_listed_model_that_does_not_chat_leaves_the_old_one_answering(server, host, rack):
    def chat(visit, body):
        if body["model"] == "whisper":
            says({"error": {"message": "This is not a chat model."}}, 404)(visit, body)
        else:
            speaks(Scripted())(visit, body)

    server.answers["/v1/models"] = says({"data": [{"id": "small"}, {"id": "whisper"}]})
    server.chats(chat)
    with pytest.raises(HostRefused, match=r"This is not a chat model\..* small goes on answering\.$"):
        rack.swap("whisper", silent)
    assert (host.model, rack.kept) == ("small", {})
    assert reply(host).startswith("I am a script")


def test_a_server_of_one_model_says_so(rack):
    with pytest.raises(CommandRefused, match=r"^The server has one model, double-1\. Start it with another"):
        rack.swap("double-1", silent)
    with pytest.raises(MissingModel, match=r"^The server has no model double-2\."):
        rack.swap("double-2", silent)
    with pytest.raises(CommandRefused, match="chooses its adapters when it is started"):
        rack.adapters()


def test_of_a_list_only_what_can_be_a_name_is_taken(server, rack):
    bad = [{"id": each} for each in (7, None, "", "  ", "two\nlines", "\x1b[31mred", "x" * 301, "good", "good")]
    server.answers["/v1/models"] = says({"data": [*bad, "text", {"id": " big "}, *({"id": f"m{n}"} for n in range(2000))]})
    found = rack.models()
    assert (found[:3], len(found)) == (["good", "big", "m0"], 1000)


@pytest.mark.parametrize("listed", [{"data": {}}, {"data": None}, {"models": ["a"]}])
def test_a_server_that_lists_nothing_usable_has_the_model_it_was_asked_for(server, listed):
    server.answers["/v1/models"] = says(listed)
    assert ServerRack(OpenAIHTTP(server.url, "mine")).models() == ["mine"]


def test_a_server_that_is_not_there_is_said():
    with pytest.raises(HostUnreachable, match="Nothing answers"):
        ServerRack(OpenAIHTTP("http://127.0.0.1:9")).models()


# The webui


def test_the_webui_loads_another_model_and_the_first_again(server, webui, host, rack):
    webui.adapters, told = ["poems"], []
    assert (rack.models(), host.model) == (["small", "big", "torn"], "small")
    rack.swap("big", told.append)
    assert (host.model, host.adapter, rack.kept, told) == ("big", "", {"model": ""}, ["The webui lets go of small and loads big."])
    rack.swap("small", silent)
    assert (host.model, webui.asked) == ("small", ["big", "small"])


def test_a_model_that_the_settings_ask_a_webui_for_gives_way_to_what_it_loads(server, webui):
    host = OpenAIHTTP(server.url, "small")
    rack = ServerRack(host)
    rack.swap("big", silent)
    assert (host.model, rack.kept) == ("big", {"model": ""})


def test_the_webui_is_told_to_load_when_our_reply_has_ended(server, webui, host, rack, monkeypatch):
    begun, go_on = Event(), Event()

    def chat(visit, body):
        begun.set()
        go_on.wait(30)
        assert webui.asked == []
        speaks(Scripted())(visit, body)

    server.chats(chat)
    with ThreadPoolExecutor(2) as threads:
        replied = threads.submit(reply, host)
        begun.wait(30)
        with monkeypatch.context() as impatient:
            impatient.setattr(server_rack, "PATIENCE", 0.05)
            with pytest.raises(HostTimeout, match="still being written"):
                rack.swap("big", silent)
        swapped = threads.submit(rack.swap, "big", silent)
        go_on.set()
        swapped.result(30)
        assert replied.result(30).startswith("I am a script")
    assert (webui.asked, host.model) == (["big"], "big")


@pytest.mark.parametrize("way", ["failing", "silently"])
def test_a_model_that_the_webui_cannot_load_leaves_the_old_one_with_its_adapter(webui, host, rack, way):
    getattr(webui, way).add("torn")
    webui.adapters = ["poems"]
    with pytest.raises(HostRefused, match=r"small goes on answering\.$"):
        rack.swap("torn", silent)
    assert (webui.asked, webui.tokenizer, host.model, host.adapter) == (["torn", "small"], True, "small", "poems")


def test_a_webui_that_cannot_go_back_either_is_said(webui, rack):
    webui.failing = {"torn", "small"}
    with pytest.raises(HostRefused, match="What answered before does not either"):
        rack.swap("torn", silent)
    webui.model = "None"
    with pytest.raises(HostRefused, match=r"there was no model\. Load one in the webui's Model tab"):
        rack.swap("torn", silent)


def test_a_webui_with_an_admin_key_says_how_it_is_to_be_started(server, webui):
    server.answers["/v1/internal/model/list"] = says({"detail": "Unauthorized"}, 401)
    with pytest.raises(HostRefused, match="--admin-key the same as --api-key") as refused:
        ServerRack(OpenAIHTTP(server.url, "", "sk-secret-1")).models()
    assert "sk-secret-1" not in str(refused.value)


@pytest.mark.parametrize("answer", [{"model_names": "abc"}, {"model_names": [1, None]}, {}])
def test_a_list_of_the_webui_that_is_none_has_no_models(server, webui, rack, answer):
    server.answers["/v1/internal/model/list"] = says(answer)
    assert rack.models() == []


def test_a_list_without_end_is_cut_off(server, webui, rack):
    server.answers["/v1/internal/model/list"] = sends(b'{"model_names": ["' + b"x" * (5 << 20) + b'"]}', kind="application/json")
    with pytest.raises(HostGarbled, match="sends more than"):
        rack.models()


def test_the_webui_puts_adapters_on_and_takes_them_off(webui, host, rack):
    assert rack.adapters() == ["poems", "prose"]
    rack.swap_adapter("poems", silent)
    rack.swap_adapter("prose", silent)
    assert host.adapter == "prose"
    rack.swap_adapter("", silent)
    assert (host.adapter, webui.asked) == ("", [])
    with pytest.raises(MissingModel, match="no adapter verse"):
        rack.swap_adapter("verse", silent)


def test_an_adapter_that_the_webui_cannot_put_on_brings_the_old_one_back(webui, host, rack):
    webui.failing, webui.adapters = {"prose"}, ["poems"]
    with pytest.raises(HostRefused, match=r"Failed to apply .* small goes on answering\.$"):
        rack.swap_adapter("prose", silent)
    assert (host.model, host.adapter) == ("small", "poems")


def test_other_loaders_than_transformers_take_no_adapters_and_nothing_is_touched(webui, rack):
    webui.loader, webui.adapters = "llama.cpp", []
    with pytest.raises(CommandRefused, match=r"of its loader Transformers, not of llama\.cpp\."):
        rack.swap_adapter("poems", silent)
    assert webui.asked == []
