"""What was chosen, in a turn of the terminal and of the standalone page: it reaches the host, and its failure costs no answer."""

from __future__ import annotations

import pytest

from extension.app import build
from extension.cli.session import Session
from extension.hosts.scripted import Scripted
from extension.messages import Message, Place
from extension.options.layers import Spot
from extension.panel.chat import Line
from extension.panel.reply import Reply
from extension.panel.why import Whys
from extension.settings import load


class Keeping(Scripted):
    """Answers, and keeps what it was asked with."""

    def __init__(self):
        super().__init__(lambda messages: "Yes.")
        self.asked = []

    def generate(self, messages, options):
        self.asked.append((messages, options))
        return super().generate(messages, options)


@pytest.fixture
def app(tmp_path):
    made = build(load({}, data_dir=tmp_path / "data", embedder="hashing", host="scripted", lock_timeout=0.3), host=Keeping())
    yield made
    made.close()


def say_in_the_terminal(app):
    assert "".join(Session(app, "kitchen").reply("Hello!")) == "Yes."


def say_on_the_page(app):
    reply = Reply(
        app, Whys(), app.turn("Hello!", Place("kitchen"), app.settings.companion, row=0), (), Line(0, "Hello!"), lambda ended: None
    )
    reply.start()
    assert reply.wait(10)
    assert reply.line.reply == "Yes."


@pytest.mark.parametrize("say", [say_in_the_terminal, say_on_the_page])
def test_a_turn_is_made_with_what_was_chosen_for_its_place_and_person(app, say):
    app.options.set("decoding-mode", "top_kp", "channel", Spot(channel="kitchen"), "me")
    app.options.choose({"prompt": "You are a poet.", "answer-length": "auto"}, "person", Spot(person=app.settings.person), "me")
    say(app)
    messages, options = app.host.asked[-1]
    assert messages[0] == Message("system", "You are a poet.\n\nAnswer briefly, in one to three sentences.")
    assert (options.top_k, options.top_p, options.temperature, options.max_new_tokens) == (50, 0.95, None, 160)


@pytest.mark.parametrize("say", [say_in_the_terminal, say_on_the_page])
def test_where_the_diary_cannot_be_read_the_answer_comes_all_the_same(app, tmp_path, say):
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data/diary.sqlite").write_bytes(b"no database at all, " * 100)
    say(app)
    assert app.host.asked[-1][1] == app.generation
