"""Tests of the way from the setting `host` to a host."""

from __future__ import annotations

import pytest

from extension.errors import SettingsError
from extension.hosts.choice import enricher_for, host_for
from extension.hosts.embedded import Embedded
from extension.hosts.openai_http import OpenAIHTTP
from extension.hosts.scripted import Scripted
from extension.settings import load


def chosen(tmp_path, **values):
    return host_for(load({}, data_dir=tmp_path, **values))


def test_out_of_the_box_it_is_the_bundled_model_in_process(tmp_path):
    host = chosen(tmp_path)
    assert isinstance(host, Embedded)
    assert host.model == "SmolLM2-135M-Instruct"


def test_choosing_loads_and_converts_nothing(tmp_path):
    chosen(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_model_in_process_goes_by_its_name_on_the_hub(tmp_path):
    assert chosen(tmp_path, model="Qwen/Qwen3-0.6B").model == "Qwen/Qwen3-0.6B"


def test_another_model_in_process_goes_by_its_folder(tmp_path):
    (tmp_path / "mine").mkdir()
    assert chosen(tmp_path, model=str(tmp_path / "mine")).model == "mine"


def test_a_script_is_a_host_too(tmp_path):
    assert isinstance(chosen(tmp_path, host="scripted"), Scripted)


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "HTTPS://models.example/v1"])
def test_a_url_is_a_server(tmp_path, url):
    host = chosen(tmp_path, host=url, model="big", api_key="sk-1")
    assert isinstance(host, OpenAIHTTP)
    assert host.model == "big"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("embeded", "Did you mean `embedded`?"),
        ("Scripted", "Did you mean `scripted`?"),
        ("127.0.0.1:5000", "Did you mean `http://127.0.0.1:5000`?"),
        ("ws://box:1", "Did you mean `http://box:1`?"),
        ("gpt", "It is `embedded`, `scripted`, or the URL of an OpenAI-compatible server, such as http://127.0.0.1:5000."),
        ("", "It is `embedded`, `scripted`, or the URL of an OpenAI-compatible server, such as http://127.0.0.1:5000."),
    ],
)
def test_a_slip_is_answered_with_what_was_probably_meant(tmp_path, name, meant):
    with pytest.raises(SettingsError) as refused:
        chosen(tmp_path, host=name)
    assert str(refused.value) == f"The setting `host` (FAMILIAR_HOST) is `{name}`, which is no host. {meant}"


def test_what_rewrites_questions_is_a_server_with_a_key_of_its_own(tmp_path):
    settings = load({}, data_dir=tmp_path, enrich=" http://127.0.0.1:5001/v1", enrich_model="small", api_key="sk-1", enrich_api_key="sk-2")
    host = enricher_for(settings)
    assert (host.model, host._client.headers["authorization"]) == ("small", "Bearer sk-2")
    host.close()


@pytest.mark.parametrize(
    ("enrich", "key"), [("localhost:5000", ""), ("ftp://models.example", ""), ("yes", ""), ("http://127.0.0.1:5000", "a\nb")]
)
def test_what_cannot_rewrite_questions_is_said_without_the_key(tmp_path, enrich, key):
    with pytest.raises(SettingsError, match="FAMILIAR_ENRICH") as caught:
        enricher_for(load({}, data_dir=tmp_path, enrich=enrich, enrich_api_key=key))
    assert "a\nb" not in str(caught.value)
