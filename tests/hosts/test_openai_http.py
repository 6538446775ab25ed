"""Tests of the host behind HTTP, against a real server on this machine that behaves and misbehaves."""

from __future__ import annotations

import gc
import json
import logging
import socket
from contextlib import closing
from itertools import count
from threading import Thread

import pytest
from pydantic import SecretStr

from extension.errors import HostGarbled, HostRefused, HostTimeout, HostUnreachable, SettingsError
from extension.hosts.openai_http import OpenAIHTTP
from extension.hosts.scripted import Scripted
from extension.messages import Generation, Message

from .contract import SHORT, HostContract, ask
from .openai_double import (
    DONE,
    FINISH,
    NAME,
    breaks_after,
    ends_early_after,
    event,
    falls_silent_after,
    in_turn,
    piece,
    repeats,
    says,
    sends,
    speaks,
    streams,
)

KEY = "sk-very-secret-0123456789"
CHAT = "/v1/chat/completions"


class TestContract(HostContract):
    @pytest.fixture
    def host(self, server):
        server.answers["/v1/internal/token-count"] = lambda visit, body: says({"length": Scripted().count(body["text"])})(visit, body)
        return OpenAIHTTP(server.url)


@pytest.fixture
def host(server):
    return OpenAIHTTP(server.url, timeout=30)


def reply(host, text="Hello", options=SHORT):
    return "".join(host.generate([Message("user", text)], options))


def refused_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


# What is asked


def test_what_is_asked_is_what_openai_documents(server, host):
    list(host.generate(ask("Hi"), Generation(max_new_tokens=9, temperature=0.5, top_p=0.9, top_k=20, seed=3, stop=("\n",))))
    assert server.asked(CHAT)[0].body == {
        "model": NAME,
        "messages": [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": "Hi"}],
        "stream": True,
        "user": "familiar:prepared",
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 20,
        "seed": 3,
        "max_tokens": 9,
        "stop": ["\n"],
    }


def test_what_is_left_to_the_host_is_not_asked(server, host):
    reply(host, options=Generation(max_new_tokens=9))
    assert server.asked(CHAT)[0].body.keys() == {"model", "messages", "stream", "max_tokens", "user"}


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_the_url_may_be_written_with_or_without_its_version(server, tail):
    assert reply(OpenAIHTTP(server.url + tail)) == "I am a script, not a model. The "


def test_the_url_may_have_a_path_of_its_own(server):
    server.answers["/api/v1/chat/completions"] = streams(piece("There."), FINISH, DONE)
    assert reply(OpenAIHTTP(server.url + "/api/v1", "m")) == "There."


@pytest.mark.parametrize("key", [KEY, SecretStr(KEY), f" {KEY}\n"])
def test_the_key_is_sent_as_a_bearer_token(server, key):
    reply(OpenAIHTTP(server.url, api_key=key))
    assert {seen.headers.get("authorization") for seen in server.seen} == {f"Bearer {KEY}"}


def test_without_a_key_none_is_sent(server, host):
    reply(host)
    assert {seen.headers.get("authorization") for seen in server.seen} == {None}


def test_a_name_and_password_in_the_url_are_sent_and_not_shown(server):
    host = OpenAIHTTP(server.url.replace("//", "//ada:lovelace@"), "m")
    reply(host)
    assert server.asked(CHAT)[0].headers["authorization"] == "Basic YWRhOmxvdmVsYWNl"
    assert repr(host) == f"OpenAIHTTP('{server.url}', 'm')"


def test_a_proxy_in_the_environment_is_not_used_for_this_machine(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{refused_port()}")
    assert reply(OpenAIHTTP(server.url, "m"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:5000",
        "ftp://127.0.0.1",
        "http://",
        "http://host:port",
        "http://host:99999999",
        "http://host/v1?key=abc",
        "http://host/#a",
    ],
)
def test_a_url_that_cannot_be_one_is_refused_at_once_and_not_repeated(url):
    with pytest.raises(SettingsError, match=r"^The setting `host` \(FAMILIAR_HOST\) .*http://127\.0\.0\.1:5000\.$") as refused:
        OpenAIHTTP(url)
    assert "abc" not in str(refused.value)


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-\u00e9", "sk-\x00"])
def test_a_key_that_no_header_can_carry_is_refused_at_once_and_not_repeated(server, key):
    with pytest.raises(SettingsError) as refused:
        OpenAIHTTP(server.url, api_key=key)
    assert str(refused.value) == "FAMILIAR_API_KEY holds characters that no key has, such as a line break. Copy the key again."
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


# What it serves


def test_nothing_is_asked_before_there_is_a_need(server):
    OpenAIHTTP(server.url)
    assert server.seen == []


def test_the_first_model_of_the_server_is_taken_and_asked_for_once(server, host):
    server.answers["/v1/models"] = says({"data": [{"id": "alpha"}, {"id": "beta"}]})
    assert [host.model, host.model] == ["alpha", "alpha"]
    assert len(server.asked("/v1/models")) == 1


def test_a_named_model_is_not_looked_up(server):
    assert OpenAIHTTP(server.url, "gamma").model == "gamma"
    assert server.seen == []


def test_a_server_without_a_list_of_models_is_asked_for_none(server, host):
    server.answers["/v1/models"] = says({"detail": "Not Found"}, 404)
    assert host.model == "unnamed"
    reply(host)
    assert "model" not in server.asked(CHAT)[0].body


def test_a_model_that_was_changed_at_the_server_is_noticed_in_its_answer(server, host):
    assert host.model == NAME
    server.answers["/v1/models"] = says({"data": [{"id": "other"}]})
    server.chats(streams(event({"model": "other", "choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}), DONE))
    reply(host)
    assert host.model == "other"


def test_a_server_that_has_loaded_no_model_says_so(server, host):
    server.answers["/v1/models"] = says({"object": "list", "data": []})
    with pytest.raises(HostRefused, match=r"has no model loaded\. Load one there, or name one in FAMILIAR_MODEL\.$"):
        reply(host)


@pytest.mark.parametrize(
    ("entry", "props", "expected"),
    [
        ({"max_model_len": 32768}, None, 32768),
        ({"context_length": 131072}, None, 131072),
        ({"meta": {"n_ctx_train": 8192}}, None, 8192),
        ({"meta": {"n_ctx_train": 8192}}, {"default_generation_settings": {"n_ctx": 2048}}, 2048),
        ({"max_model_len": "much"}, {"default_generation_settings": None}, 4096),
        ({"max_model_len": True, "meta": []}, [], 4096),
        ({}, None, 4096),
    ],
    ids=["vllm", "openrouter", "llama.cpp trained", "llama.cpp started", "malformed", "malformed too", "unknown"],
)
def test_the_context_is_what_the_server_says(server, host, entry, props, expected):
    server.answers["/v1/models"] = says({"data": [{"id": NAME, **entry}]})
    if props is not None:
        server.answers["/props"] = says(props)
    assert host.context_length == expected


def test_the_context_is_that_of_the_named_model(server):
    server.answers["/v1/models"] = says({"data": [{"id": "a", "max_model_len": 1000}, {"id": "b", "max_model_len": 2000}]})
    assert OpenAIHTTP(server.url, "b").context_length == 2000
    assert OpenAIHTTP(server.url, "c").context_length == 4096


def test_the_adapters_of_the_webui_are_known(server, host):
    server.answers["/v1/internal/model/info"] = says({"model_name": NAME, "lora_names": ["ada", "bob"], "loader": "Transformers"})
    assert host.adapter == "ada+bob"


def test_a_server_of_pages_for_every_path_still_chats(server, host):
    for path in ("/v1/models", "/props", "/v1/internal/model/info", "/v1/internal/token-count", "/tokenize"):
        server.answers[path] = sends(b"<!doctype html><title>Chat</title>")
    assert reply(host) == "I am a script, not a model. The "
    assert (host.context_length, host.adapter, host.count("word")) == (4096, "", 2)


def test_a_server_that_is_still_loading_is_asked_again_after_the_next_reply(server):
    host = OpenAIHTTP(server.url, "m")
    server.answers["/v1/models"] = in_turn(
        says({"error": {"message": "Loading model"}}, 503), says({"data": [{"id": "m", "max_model_len": 999}]})
    )
    assert [host.context_length, host.context_length] == [4096, 4096]
    reply(host)
    assert host.context_length == 999


# How it counts


@pytest.mark.parametrize(
    ("path", "answer", "question"),
    [
        ("/v1/internal/token-count", {"length": 7}, {"text": "some words"}),
        ("/tokenize", {"tokens": [1, 2, 3, 4, 5, 6, 7]}, {"content": "some words"}),
    ],
    ids=["webui", "llama.cpp"],
)
def test_tokens_are_counted_by_the_server(server, host, path, answer, question):
    server.answers[path] = says(answer)
    assert host.count("some words") == 7
    assert server.asked(path)[-1].body == question


def test_tokens_are_counted_by_vllm(server, host):
    def tokenize(visit, body):
        found = (
            {"count": 7, "max_model_len": 2048, "tokens": [0] * 7} if "prompt" in body else {"error": {"message": "prompt: Field required"}}
        )
        says(found, 200 if "prompt" in body else 400)(visit, body)

    server.answers["/tokenize"] = tokenize
    assert host.model == NAME
    assert host.count("some words") == 7
    assert server.asked("/tokenize")[-1].body == {"prompt": "some words", "add_special_tokens": False, "model": NAME}


def test_the_way_of_counting_is_looked_for_once(server, host):
    assert [host.count("some words"), host.count("other words")] == [5, 5]
    assert len(server.seen) == 3


def test_a_count_that_is_none_is_estimated(server, host):
    server.answers["/v1/internal/token-count"] = in_turn(says({"length": 1}), says({"length": "many"}), says({}, 500))
    assert [host.count("some words"), host.count("some words")] == [5, 5]


def test_counting_with_no_server_is_an_estimate_and_asks_once():
    host = OpenAIHTTP(f"http://127.0.0.1:{refused_port()}")
    assert [host.count("some words"), host.count(""), host.context_length, host.adapter] == [5, 0, 4096, ""]


# How it answers


def test_reasoning_sent_apart_comes_first_between_tags(server, host):
    parts = [piece(reasoning_content="Let me "), piece(reasoning_content="see."), piece("It "), piece("is."), FINISH, DONE]
    server.chats(streams(*parts))
    assert list(host.generate(ask("Hi"), SHORT)) == ["<think>Let me ", "see.", "</think>It ", "is."]


def test_reasoning_under_its_newer_name_is_read_too(server, host):
    server.chats(streams(piece(reasoning="Hm."), piece("Yes."), FINISH, DONE))
    assert reply(host) == "<think>Hm.</think>Yes."


def test_reasoning_without_an_answer_is_closed(server, host):
    server.chats(streams(piece(reasoning_content="Hm"), FINISH, DONE))
    assert reply(host) == "<think>Hm</think>"


def test_an_answer_that_is_not_streamed_is_read_whole(server, host):
    message = {"role": "assistant", "content": "It is.", "reasoning_content": "Hm."}
    server.chats(says({"model": NAME, "choices": [{"message": message, "finish_reason": "stop"}]}))
    assert reply(host) == "<think>Hm.</think>It is."


def test_an_answer_printed_over_many_lines_is_read_too(server, host):
    whole = {"choices": [{"message": {"content": "It is."}}]}
    server.chats(sends(b"\n" + json.dumps(whole, indent=2).encode(), kind="application/json"))
    assert reply(host) == "It is."


def test_content_in_parts_is_joined(server, host):
    server.chats(streams(piece(content=[{"type": "text", "text": "Yes"}, {"type": "image"}, {"type": "text", "text": "."}]), FINISH, DONE))
    assert reply(host) == "Yes."


def test_comments_and_unknown_fields_are_passed_over(server, host):
    server.chats(
        streams(b": ping\n\n", b"event: message\nid: 1\nretry: 5\n", piece("Yes"), b"garbage\n\n", piece("."), FINISH, b":\n\n", DONE)
    )
    assert reply(host) == "Yes."


def test_what_belongs_to_no_choice_is_passed_over(server, host):
    server.chats(streams(event({"choices": []}), event({"usage": {}}), piece("Yes."), piece(None), piece(content=None), FINISH, DONE))
    assert reply(host) == "Yes."


@pytest.mark.parametrize("size", [1, 2, 7, 100_000])
def test_however_the_network_cuts_an_answer_it_is_the_same(server, host, size):
    body = (piece("Zoë 今天 👩‍👩‍👧‍👦") + piece(".") + FINISH + DONE).replace(b"\n", b"\r\n")
    server.chats(streams(*(body[at : at + size] for at in range(0, len(body), size))))
    assert reply(host) == "Zoë 今天 👩‍👩‍👧‍👦."


def test_events_without_a_blank_line_between_them_are_read(server, host):
    server.chats(streams(b"".join([piece("Yes"), piece("."), FINISH, DONE]).replace(b"\n\n", b"\n")))
    assert reply(host) == "Yes."


def test_an_event_of_several_lines_is_read(server, host):
    server.chats(streams(b'data: {"choices": [{"delta":\ndata: {"content": "Yes."}}]}\n\n', FINISH, DONE))
    assert reply(host) == "Yes."


def test_an_answer_that_says_it_is_finished_needs_no_done(server, host):
    server.chats(streams(piece("Yes."), FINISH))
    assert reply(host) == "Yes."


def test_a_connection_that_breaks_after_the_finish_is_forgiven(server, host):
    server.chats(breaks_after(piece("Yes."), FINISH))
    assert reply(host) == "Yes."


def test_bytes_that_are_not_utf_8_are_replaced(server, host):
    server.chats(streams(piece("caf?").replace(b"?", b"\xe9"), FINISH, DONE))
    assert reply(host) == "caf\ufffd"


def test_pieces_arrive_while_the_rest_is_still_to_come(server, host):
    server.chats(falls_silent_after(piece("First. "), piece("Second. ")))
    with closing(host.generate(ask("Hi"), SHORT)) as pieces:
        assert [next(pieces), next(pieces)] == ["First. ", "Second. "]


def test_closing_the_reply_ends_the_connection(server, host):
    server.chats(repeats(piece("and on ")))
    with closing(host.generate(ask("Hi"), SHORT)) as pieces:
        assert next(pieces) == "and on "
        assert not server.left.is_set()
    assert server.left.wait(30)


def test_a_reply_that_nobody_reads_on_does_not_hold_up_another(server, host):
    left = host.generate(ask("One."), SHORT)
    next(left)
    assert reply(host) == "I am a script, not a model. The "
    left.close()


def test_a_dropped_host_leaves_no_open_connection(server):
    reply(OpenAIHTTP(server.url))
    gc.collect()


# What servers do not support


def unsupported(name, **error):
    return says({"error": {"message": f"Unsupported parameter: '{name}' is not supported with this model.", "param": name, **error}}, 400)


def test_a_field_that_is_not_supported_is_left_out_now_and_later(server, host):
    server.chats(in_turn(unsupported("top_k"), unsupported("temperature"), streams(piece("A"), FINISH), streams(piece("B"), FINISH)))
    options = Generation(max_new_tokens=5, temperature=0.3, top_k=4)
    assert [reply(host, options=options), reply(host, options=options)] == ["A", "B"]
    sent = [seen.body.keys() & {"top_k", "temperature", "max_tokens"} for seen in server.asked(CHAT)]
    assert sent == [{"top_k", "temperature", "max_tokens"}, {"temperature", "max_tokens"}, {"max_tokens"}, {"max_tokens"}]


def test_the_newer_name_of_the_limit_is_used_where_the_older_is_not_supported(server, host):
    server.chats(in_turn(unsupported("max_tokens"), streams(piece("Yes."), FINISH)))
    assert reply(host, options=Generation(max_new_tokens=5)) == "Yes."
    assert server.asked(CHAT)[1].body["max_completion_tokens"] == 5
    assert "max_tokens" not in server.asked(CHAT)[1].body


def test_a_server_that_supports_nothing_is_given_up(server, host):
    server.chats(unsupported("max_tokens"))
    with pytest.raises(HostRefused, match="refused with status 400: Unsupported parameter"):
        reply(host)
    assert len(server.asked(CHAT)) == 2


def test_a_value_that_is_out_of_range_is_not_left_out_in_silence(server, host):
    server.chats(says({"error": {"message": "temperature must be at most 2", "param": "temperature"}}, 400))
    with pytest.raises(HostRefused, match="temperature must be at most 2"):
        reply(host, options=Generation(temperature=3))


# When things are wrong


@pytest.mark.parametrize(
    ("status", "body", "says_so"),
    [
        (401, b'{"detail":"Unauthorized"}', "refused with status 401: Unauthorized. Set FAMILIAR_API_KEY to the server's key."),
        (403, b"{}", "refused with status 403. Check that FAMILIAR_API_KEY may use this model."),
        (404, b"<html>no</html>", "refused with status 404. Check that FAMILIAR_HOST is the URL of its API and that FAMILIAR_MODEL is one"),
        (413, b"", "refused with status 413. Shorten the message, or lower FAMILIAR_BUDGET."),
        (429, b'{"error":{"message":"Rate limit."}}', "refused with status 429: Rate limit. It has too much to do, or your quota"),
        (400, b'{"error":"Too long"}', "refused with status 400: Too long. Shorten the message, or lower FAMILIAR_BUDGET or"),
        (418, b'{"message":"Teapot"}', "refused with status 418: Teapot. Shorten the message"),
        (500, b'{"error":{"message":"CUDA"}}', "refused with status 500: CUDA. Look into the server's log."),
        (502, b"Bad\xffGateway", "refused with status 502. Look into the server's log."),
        (503, b'{"error":{"message":"Loading model"}}', "refused with status 503: Loading model. It may still be loading its model; wait"),
        (400, b'["odd"]', "refused with status 400. Shorten"),
        (400, b"[" * 100_000, "refused with status 400. Shorten"),
    ],
)
def test_a_refusal_says_what_to_do(server, status, body, says_so):
    server.chats(sends(body, status))
    with pytest.raises(HostRefused) as refused:
        reply(OpenAIHTTP(server.url, "m"))
    assert str(refused.value).startswith(f"{server.url} {says_so}")


def test_a_server_that_moved_says_where(server):
    server.chats(sends(b"", 307, Location="https://elsewhere.example/v1/chat/completions?token=abc"))
    with pytest.raises(HostRefused) as refused:
        reply(OpenAIHTTP(server.url, "m", KEY))
    assert (
        str(refused.value) == f"{server.url} has moved to https://elsewhere.example/v1/chat/completions. Set FAMILIAR_HOST to the new URL."
    )


def test_a_refused_list_of_models_asks_for_the_key(server, host):
    server.answers["/v1/models"] = says({"detail": "Unauthorized"}, 401)
    with pytest.raises(HostRefused, match="Set FAMILIAR_API_KEY to the server's key"):
        assert host.model
    assert (host.context_length, host.adapter, host.count("word")) == (4096, "", 2)


def test_the_reason_of_a_refusal_does_not_repeat_what_was_said_or_the_key(server, caplog):
    secret = "My diagnosis is a secret of mine."
    detail = [{"loc": ["body", "messages", 0], "msg": "too long", "input": secret}]
    server.chats(in_turn(says({"detail": detail}, 422), says({"error": {"message": f"bad key {KEY}, said: {secret}"}}, 400)))
    caplog.set_level(logging.DEBUG)
    host = OpenAIHTTP(server.url, "m", KEY)
    with pytest.raises(HostRefused, match=r"status 422: body\.messages\.0: too long\. Shorten"):
        reply(host, secret)
    with pytest.raises(HostRefused, match=r"status 400: bad key …, said: … Shorten"):
        reply(host, secret)
    assert KEY not in caplog.text + repr(host) + repr(vars(host))
    assert secret not in caplog.text


def test_a_long_reason_is_cut(server, host):
    server.chats(says({"error": {"message": "no " * 100_000}}, 400))
    with pytest.raises(HostRefused) as refused:
        reply(host)
    assert len(str(refused.value)) < 600


def test_an_error_in_the_middle_is_raised_after_what_came_before(server, host):
    server.chats(streams(piece("Once "), event({"error": {"message": "Out of memory", "code": 500}}), DONE))
    pieces = host.generate(ask("Hi"), SHORT)
    assert next(pieces) == "Once "
    with pytest.raises(HostRefused, match=r"broke the answer off: Out of memory\. Look into its log, or try again\.$"):
        next(pieces)


@pytest.mark.parametrize(
    "found", [{"error": "oops"}, {"object": "error", "message": "oops", "type": "BadRequest"}, {"error": {"type": "oops"}}]
)
def test_errors_come_in_several_shapes(server, host, found):
    server.chats(streams(event(found)))
    with pytest.raises(HostRefused, match=r"broke the answer off: oops\."):
        reply(host)


def test_a_port_where_nothing_listens_says_so():
    port = refused_port()
    with pytest.raises(
        HostUnreachable, match=rf"^Nothing answers at http://127\.0\.0\.1:{port} \(.*refused\)\. Start the server, or set FAMILIAR_HOST"
    ):
        reply(OpenAIHTTP(f"http://127.0.0.1:{port}"))


def test_a_plain_server_called_with_tls_says_so(server):
    with pytest.raises(HostUnreachable, match=r"^Nothing answers at https://127\.0\.0\.1:\d+ \(\[SSL"):
        reply(OpenAIHTTP(server.url.replace("http", "https"), "m"))


def test_a_server_that_sends_nothing_is_not_waited_for_for_ever(server):
    server.chats(falls_silent_after())
    with pytest.raises(HostTimeout) as slow:
        reply(OpenAIHTTP(server.url, timeout=0.2))
    assert str(slow.value) == f"{server.url} sent nothing of an answer for 0.2 s. Raise FAMILIAR_TIMEOUT, or see what the server is doing."


def test_a_server_that_falls_silent_is_given_up_after_what_came_before(server):
    server.chats(falls_silent_after(piece("Once ")))
    pieces = OpenAIHTTP(server.url, timeout=0.2).generate(ask("Hi"), SHORT)
    assert next(pieces) == "Once "
    with pytest.raises(HostTimeout):
        next(pieces)


def test_comments_alone_do_not_keep_one_waiting_for_ever(server):
    server.chats(repeats(b": still here\n\n"))
    ticks = count(0, 7)
    with pytest.raises(HostTimeout, match="sent nothing of an answer for 60 s"):
        reply(OpenAIHTTP(server.url, "m", timeout=60, clock=lambda: next(ticks)))


def test_the_time_a_reader_takes_is_not_counted_against_the_server(server):
    times = [0.0]
    server.chats(streams(piece("One "), piece("two."), FINISH, DONE))
    pieces = []
    for each in OpenAIHTTP(server.url, "m", timeout=60, clock=lambda: times[0]).generate(ask("Hi"), SHORT):
        pieces.append(each)
        times[0] += 1000
    assert pieces == ["One ", "two."]


@pytest.mark.parametrize("leaving", [breaks_after, ends_early_after])
def test_a_connection_that_breaks_in_the_middle_is_told_after_what_came_before(server, host, leaving):
    server.chats(leaving(piece("Once ")))
    pieces = host.generate(ask("Hi"), SHORT)
    assert next(pieces) == "Once "
    with pytest.raises(HostUnreachable, match=r"broke before the answer was whole\. See that the server still runs, and try again\.$"):
        next(pieces)


def test_a_connection_that_breaks_before_an_answer_is_told(server):
    server.chats(lambda visit, body: visit.reset())
    with pytest.raises(HostUnreachable, match="broke before the answer was whole"):
        reply(OpenAIHTTP(server.url, "m"))


def test_an_answer_that_ends_without_saying_so_is_not_taken_for_whole(server, host):
    server.chats(streams(piece("Once upon a")))
    with pytest.raises(HostGarbled, match=r"ended its answer before it was complete\. Look into its log"):
        reply(host)


def test_a_web_page_is_not_an_answer(server, host):
    server.chats(sends(b"\n<!DOCTYPE html><html><body>Text generation web UI</body></html>"))
    with pytest.raises(
        HostGarbled, match=r"answers with a web page, not as a model's server.*the webui's API has a port of its own, usually 5000"
    ):
        reply(host)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"Hello, I am a robot.\n",
        b"{}",
        b'{"detail": "x',
        b"{" * 5000,
        b"data: [DONE]\n\n",
        b"data: {\n\n",
        b'data: "text"\n\n',
        b"\xff\xfe\x00",
    ],
)
def test_garbage_is_not_an_answer(server, host, body):
    server.chats(sends(body, kind="text/event-stream"))
    with pytest.raises(HostGarbled):
        reply(host)


@pytest.mark.parametrize(
    "choices", ["text", [1], {"a": 1}, [{"delta": "text"}], [{"delta": {"content": 5}}], [{"delta": {"content": {"a": 1}}}]]
)
def test_a_piece_of_another_protocol_is_not_an_answer(server, host, choices):
    server.chats(streams(event({"choices": choices}), DONE))
    with pytest.raises(HostGarbled, match=r"sent a piece that is not of the OpenAI protocol\. Check that FAMILIAR_HOST"):
        reply(host)


def test_a_line_without_end_is_given_up(server, host):
    server.chats(repeats(b"data: " + b"x" * (1 << 20), pause=0.001))
    with pytest.raises(HostGarbled, match=r"sends more than any answer is long\."):
        reply(host)
    assert server.left.wait(30)


def test_a_server_of_another_protocol_is_told_from_a_broken_one():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = OpenAIHTTP(f"http://127.0.0.1:{listening.getsockname()[1]}", "m")

        def greet():
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

        greeting = Thread(target=greet)
        greeting.start()
        with pytest.raises(HostGarbled, match=r"does not speak HTTP as a model's server does\."):
            reply(host)
        greeting.join()


def test_an_answer_packed_in_a_way_it_is_not_is_garbled(server, host):
    server.chats(sends(b"not gzip", kind="text/event-stream", **{"Content-Encoding": "gzip"}))
    with pytest.raises(HostGarbled, match="does not speak HTTP as a model's server does"):
        reply(host)


def test_a_server_that_comes_back_is_used_again(server, host):
    server.chats(in_turn(says({}, 500), speaks(Scripted(["Back."]))))
    with pytest.raises(HostRefused):
        reply(host)
    assert reply(host) == "Back."


# What was chosen beside the common parameters

FURTHER = (
    ("min_new_tokens", 3), ("typical_p", 0.9), ("epsilon_cutoff", 0.0003), ("repetition_penalty", 1.2), ("top_a", None), ("num_beams", 4),
    ("enable_thinking", False), ("mirostat_mode", 2),
)  # fmt: skip
CHOSEN = Generation(max_new_tokens=9, further=FURTHER)
ASKED = {
    "min_tokens": 3, "typical_p": 0.9, "epsilon_cutoff": 3.0, "repetition_penalty": 1.2, "repeat_penalty": 1.2,
    "mirostat_mode": 2, "mirostat": 2, "enable_thinking": False, "chat_template_kwargs": {"enable_thinking": False},
}  # fmt: skip


def asked_for(server):
    usual = ("model", "messages", "stream", "max_tokens", "user")
    return {name: value for name, value in server.asked(CHAT)[-1].body.items() if name not in usual}


def test_what_was_chosen_is_asked_by_the_names_that_servers_have(server, host):
    reply(host, options=CHOSEN)
    assert asked_for(server) == ASKED
    assert host.untaken(CHOSEN) == ["num_beams"]


def test_greedy_and_a_dynamic_temperature_are_put_as_servers_know_them(server, host):
    reply(host, options=Generation(temperature=0.9, further=(("do_sample", False),)))
    assert asked_for(server) == {"temperature": 0}
    reply(host, options=Generation(temperature=0.9, further=(("dynamic_temperature", True), ("dynatemp_low", 0.5), ("dynatemp_high", 1.5))))
    assert asked_for(server) == {
        "temperature": 1.0, "dynatemp_range": 0.5, "dynamic_temperature": True, "dynatemp_low": 0.5, "dynatemp_high": 1.5,
    }  # fmt: skip


def test_a_server_that_knows_none_of_it_answers_all_the_same_and_it_is_told(server, host):
    def strict(visit, body):
        strange = [name for name in body if name not in ("model", "messages", "stream", "max_tokens")]
        if strange:
            says({"error": {"message": f"Unrecognized request argument supplied: {strange[0]}"}}, status=400)(visit, body)
        else:
            speaks(Scripted())(visit, body)

    server.answers[CHAT] = strict
    assert reply(host, options=CHOSEN)
    chosen = ["min_new_tokens", "typical_p", "epsilon_cutoff", "repetition_penalty", "enable_thinking", "mirostat_mode"]
    assert host.untaken(CHOSEN) == ["num_beams", *chosen]
    reply(host, options=CHOSEN)
    assert asked_for(server) == {}


def test_stop_strings_beyond_those_a_server_takes_end_the_reply_all_the_same(server, host):
    server.answers[CHAT] = streams(piece("One, two"), piece(", th"), piece("ree, four."), FINISH, DONE)
    assert reply(host, options=Generation(stop=("a", "b", "c", "d", "three"))) == "One, two, "
    assert asked_for(server) == {"stop": ["a", "b", "c", "d"]}


def with_tokens(path, answer):
    def ids(visit, body):
        found = answer(body)
        says({"tokens": found} if found is not None else {"error": "what?"}, status=200 if found is not None else 400)(visit, body)

    return {path: ids}


BEGINNING = 1


def letters(text):
    return [ord(letter) for letter in text]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v1/internal/encode", lambda body: [BEGINNING, *letters(body["text"])]),
        ("/tokenize", lambda body: letters(body["content"]) if "content" in body else None),
        ("/tokenize", lambda body: letters(body["prompt"]) if "prompt" in body else None),
    ],
    ids=["webui", "llama.cpp", "vLLM"],
)
def test_words_are_biased_by_the_tokens_the_server_says(server, host, path, answer):
    server.answers |= with_tokens(path, answer)
    words = Generation(banned=("x", "long"), weighted=(("y", 2.5),))
    reply(host, options=words)
    assert asked_for(server) == {"bad_words": ["x", "long"], "logit_bias": {"120": -100.0, "88": -100.0, "121": 2.5, "89": 2.5}}
    before = len(server.seen)
    reply(host, options=words)
    assert len(server.seen) == before + 1
    assert host.untaken(words) == []


def test_a_server_that_says_no_tokens_is_asked_without_and_it_is_told(server, host):
    words = Generation(banned=("x",), weighted=(("y", 2.5),))
    assert reply(host, options=words)
    assert asked_for(server) == {"bad_words": ["x"]}
    assert host.untaken(words) == ["banned-words", "word-weights"]
