"""The webui as a Host, in process: the contract of every host, over the webui's double."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extension.errors import HostError, HostRefused
from extension.messages import Generation, Message
from extension.webui.host import Webui
from tests.host.double import HostDouble, Model
from tests.hosts.contract import SHORT, HostContract, ask


class Storyteller(Model):
    """A model that tells the same story every time, as long as it is allowed to."""

    def generate(self, question: str, state: Any) -> Iterator[str]:
        self.prompts.append(question)
        reply = self.replies.pop(0) if self.replies else None
        if isinstance(reply, Exception):
            raise reply
        words = [f" word{number}" for number in range(state["max_new_tokens"])]
        for number in range(len(words)):
            yield "Once" + "".join(words[: number + 1])


class Letters:
    """A tokenizer that counts letters."""

    def encode(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]


@pytest.fixture
def double(tmp_path: Path) -> Iterator[HostDouble]:
    extension = tmp_path / "empty"
    extension.mkdir()
    (extension / "script.py").write_text('"""An extension without hooks."""\n', encoding="utf-8")
    with HostDouble(tmp_path / "webui", extension) as running:
        running.model = Storyteller()
        running.shared.model, running.shared.tokenizer = running.model, Letters()
        yield running


class TestContract(HostContract):
    @pytest.fixture
    def host(self, double: HostDouble) -> Webui:
        return Webui()


def test_the_system_message_and_the_chat_reach_the_model(double: HostDouble) -> None:
    before = [Message("system", "Be brief."), Message("user", "I am Ada."), Message("assistant", "Hello Ada.")]
    list(Webui().generate([*before, Message("user", "Who am I?")], SHORT))
    prompt = double.model.prompts[-1]
    assert all(text in prompt for text in ("Be brief.", "I am Ada.", "Hello Ada.", "Who am I?"))


def test_the_open_chat_of_the_page_is_left_alone(double: HostDouble) -> None:
    double.say("My dog is called Biscuit.")
    list(Webui().generate(ask("Who am I?"), SHORT))
    assert "Biscuit" not in double.model.prompts[-1]
    assert [said for said, _ in double.messages()] == ["My dog is called Biscuit."]


def test_without_a_model_it_says_to_load_one(double: HostDouble) -> None:
    double.shared.model_name = "None"
    with pytest.raises(HostRefused, match="Load one in the Model tab"):
        list(Webui().generate(ask("Hello."), SHORT))


def test_the_lock_is_free_after_a_reply_that_was_closed_early(double: HostDouble) -> None:
    reply = Webui().generate(ask("Tell me a story."), Generation(max_new_tokens=32))
    next(reply)
    assert double.shared.generation_lock.locked()
    reply.close()
    assert not double.shared.generation_lock.locked()


def test_a_tokenizer_that_fails_is_a_host_error(double: HostDouble) -> None:
    double.shared.tokenizer = object()
    with pytest.raises(HostError, match="Reload the model"):
        Webui().count("Hello.")


def test_adapters_are_named(double: HostDouble) -> None:
    double.shared.lora_names = ["ada-v1", "ada-v2"]
    assert Webui().adapter == "ada-v1,ada-v2"
