"""What was chosen for a generation as the webui takes it: into its own names and units, on the page and as a host in process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extension.characters import Expert
from extension.messages import Generation
from extension.options.layers import Choices, Spot
from extension.options.store import Options
from extension.webui.experts import preset
from extension.webui.host import Webui
from extension.webui.samplers import sampling, untaken
from tests.host.double import HostDouble
from tests.hosts.contract import ask

pytestmark = pytest.mark.embedded

PAGE = {
    "character_menu": "Ada",
    "mode": "chat",
    "context": "I am Ada.",
    "temperature": 0.7,
    "min_p": 0.1,
    "max_new_tokens": 512,
    "custom_token_bans": "7",
}


class Numbers:
    """A tokenizer whose words are one token each: the number of letters, the space counted."""

    def encode(self, text: str) -> list[int]:
        return [len(text)] if len(text.split()) == 1 else [1, 2]


@pytest.fixture
def double(tmp_path: Path) -> Iterator[HostDouble]:
    extension = tmp_path / "empty"
    extension.mkdir()
    (extension / "script.py").write_text('"""An extension without hooks."""\n', encoding="utf-8")
    with HostDouble(tmp_path / "webui", extension) as running:
        running.shared.tokenizer = Numbers()
        yield running


@pytest.fixture
def chosen(database: Any) -> Any:
    def choices(**values: str) -> Choices:
        options = Options(database)
        for name, text in values.items():
            options.set(name.replace("__", "-"), text, "global", Spot(), "ada")
        return options.at(Spot())

    return choices


def test_what_is_named_and_counted_otherwise_is_translated(double: HostDouble) -> None:
    samplers = (("sampler_priority", ("top_k", "top_p")), ("tfs", 0.9), ("num_beams", 4))
    further = (("epsilon_cutoff", 0.0003), ("dry_sequence_breakers", ("\n", '"')), *samplers)
    assert sampling(Generation(further=further), {}) == {
        "epsilon_cutoff": 3.0,
        "dry_sequence_breakers": '"\\n", "\\""',
        "sampler_priority": ["top_k", "top_p"],
        "tfs": 0.9,
    }


def test_none_is_the_webuis_neutral_value(double: HostDouble) -> None:
    further = (("top_k", None), ("min_p", None), ("seed", None), ("reasoning_effort", None))
    assert sampling(Generation(further=further), {}) == {"top_k": 0, "min_p": 0, "seed": -1}


def test_a_decoding_mode_leaves_nothing_of_the_pages_samplers(double: HostDouble, chosen: Any) -> None:
    values = preset(PAGE, Expert(), chosen(decoding__mode="sampling"), "Hello there, how are you?")
    assert (values["temperature"], values["top_k"], values["min_p"], values["typical_p"], values["do_sample"]) == (0.6, 0, 0, 1, True)
    assert "max_new_tokens" not in values


def test_greedy_takes_the_likeliest_with_every_loader(double: HostDouble, chosen: Any) -> None:
    values = preset(PAGE, Expert(), chosen(decoding__mode="greedy"), "Hello")
    assert (values["do_sample"], values["temperature"], values["top_k"]) == (False, 1, 1)


def test_words_become_tokens_beside_those_banned_on_the_page(double: HostDouble, chosen: Any) -> None:
    values = preset(PAGE, Expert(), chosen(banned__words="tree, two words", word__weights="ocean:2"), "Hello")
    assert values["custom_token_bans"] == "7,5,4"
    assert values["logit_bias"] == {"5": -100.0, "4": -100.0, "6": 2.0}


def test_without_a_tokenizer_the_turn_goes_on_without_the_words(double: HostDouble, chosen: Any) -> None:
    double.shared.tokenizer = None
    assert preset(PAGE, Expert(), chosen(banned__words="tree"), "Hello")["logit_bias"] == {}


def test_the_length_of_an_answer_is_a_limit_and_a_sentence(double: HostDouble, chosen: Any) -> None:
    values = preset(PAGE, Expert(), chosen(answer__length="auto"), "Hello!")
    assert (values["max_new_tokens"], values["auto_max_new_tokens"]) == (160, False)
    assert values["context"] == "I am Ada.\n\nAnswer briefly, in one to three sentences."


def test_where_nothing_was_chosen_the_page_stays_as_it_is(double: HostDouble, chosen: Any) -> None:
    assert preset(PAGE, Expert(), chosen(), "Hello!") == {}


def test_a_caller_of_the_api_chooses_for_itself(double: HostDouble, chosen: Any) -> None:
    assert preset({"mode": "instruct"}, Expert(), chosen(decoding__mode="greedy"), "Hello!") == {}


def test_the_host_in_process_generates_with_what_was_chosen(double: HostDouble) -> None:
    seen: list[Any] = []
    double.model.generate = lambda question, state: seen.append(state) or iter(["Yes."])  # type: ignore[method-assign, func-returns-value, assignment]
    assert "".join(Webui().generate(ask("Hello."), Generation(max_new_tokens=8, further=(("xtc_probability", 0.5),)))) == "Yes."
    assert (seen[0]["xtc_probability"], seen[0]["max_new_tokens"]) == (0.5, 8)


def test_what_a_loader_does_not_take_is_told(double: HostDouble) -> None:
    options = Generation(further=(("tfs", 0.9), ("num_beams", 4), ("top_k", None)), banned=("tree",), weighted=(("ocean", 2.0),))
    assert untaken(options) == ["num_beams", "word-weights"]
    double.shared.args.loader = "llama.cpp"
    assert Webui().untaken(options) == ["tfs", "num_beams"]
