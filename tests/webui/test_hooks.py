"""The hooks, driven in the webui's own order by its double: what the diary holds, and what the model was shown."""

from __future__ import annotations

import ast
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from extension.context.shelves import of_companion
from extension.hosts.fields import PREPARED
from extension.hosts.scripted import Scripted
from extension.memory.chats import import_chats, sources
from extension.memory.diary import Filter
from extension.memory.importers.conversation import Attribution
from extension.messages import Exchange, Person
from extension.options.layers import Spot
from extension.webui.door import door_of
from tests.host.double import HostDouble
from tests.hosts.openai_double import Double, speaks

EXTENSION = Path(__file__).resolve().parents[2] / "extension"
TOWER = "The tower was built of granite in 1887. It is eighty metres tall."


def hooks() -> Any:
    """The hooks module as the webui's process holds it."""
    return sys.modules["extension.webui.hooks"]


@pytest.fixture(params=["user", "bundled"])
def lives(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("FAMILIAR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FAMILIAR_EMBEDDER", "hashing")
    yield tmp_path / "data"
    logger = logging.getLogger("extension")
    while logger.handlers:
        logger.handlers[0].close()
        logger.removeHandler(logger.handlers[0])


@pytest.fixture
def fresh(data_dir: Path) -> Iterator[None]:
    """A process that never loaded the hooks: the package's modules are kept, its one long-lived object is not."""
    for name in ("extension.webui.hooks", "extension.script"):
        sys.modules.pop(name, None)
    yield
    module = sys.modules.pop("extension.webui.hooks", None)
    if module is not None and module.extension._app is not None:
        module.extension._app.close()


@pytest.fixture
def host(tmp_path: Path, fresh: None) -> Iterator[HostDouble]:
    with HostDouble(tmp_path / "webui", EXTENSION) as double:
        yield double


def diary(**chosen: Any) -> list[Exchange]:
    """The exchanges there are, oldest first."""
    return list(reversed(hooks().extension.app.memories.diary.browse(Filter(**chosen))))


def pairs() -> list[tuple[str, str]]:
    return [(exchange.said, exchange.reply) for exchange in diary()]


def test_it_loads_wherever_the_webui_keeps_extensions_and_remembers_a_turn(tmp_path: Path, fresh: None, lives: Any) -> None:
    with HostDouble(tmp_path / "webui", EXTENSION, lives=lives) as host:
        host.say("My dog is called Biscuit.")
        assert pairs() == [("My dog is called Biscuit.", "Reply 1.")]
        (exchange,) = diary()
        assert (exchange.person.id, exchange.companion, exchange.row, exchange.model) == ("me", "Assistant", 0, "SmolLM2-135M-Instruct")
        assert exchange.place.id == f"webui:instruct/{host.chat}"


def test_the_log_of_a_chat_says_nothing_the_diary_did_not_hear(host: HostDouble, tmp_path: Path) -> None:
    host.model.replies = ["<think>A dog.</think>Woof."]
    host.say("My dog is called Biscuit.")
    host.say("Is he <b>good</b> & kind?")
    before = diary()
    app = hooks().extension.app
    report = import_chats(app.memories.database, sources(tmp_path / "webui" / "user_data" / "logs"), Attribution(app.settings.person))
    assert (report.added, report.unchanged, diary()) == (0, 2, before)


def test_what_was_said_in_one_chat_is_shown_to_the_model_in_another(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.new_chat()
    host.say("What is my dog called?")
    prompt = host.model.prompts[-1]
    assert "My dog is called Biscuit." in prompt
    assert prompt.index("</memories>") < prompt.index("What is my dog called?")
    assert host.messages() == [("What is my dog called?", "Reply 2.")], "the briefing is not saved with the chat"
    assert diary()[-1].memories == (diary()[0].id,)


def test_rows_still_visible_in_the_chat_are_not_shown_again(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.say("What is my dog called?")
    assert "<memories>" not in host.model.prompts[-1]


@pytest.fixture
def tower(tmp_path: Path) -> Path:
    path = tmp_path / "tower.md"
    path.write_text(TOWER, encoding="utf-8")
    return path


def test_documents_are_shown_to_the_model_and_kept_with_the_reply(host: HostDouble, tower: Path) -> None:
    library = hooks().extension.app.library
    passage = library.add(tower, of_companion("Assistant", Person("me")), "me").document
    host.say("How tall is the tower of granite?")
    assert f"[1] tower.md\n| {TOWER}" in host.model.prompts[-1]
    (exchange,) = diary()
    assert [each.document for each in library.excerpts(exchange.excerpts)] == [passage.id]
    assert host.messages() == [("How tall is the tower of granite?", "Reply 1.")]


def test_a_document_that_is_attached_to_the_message_is_not_shown_twice(host: HostDouble, tower: Path) -> None:
    hooks().extension.app.library.add(tower, of_companion("Assistant", Person("me")), "me")
    attachment = {"name": "tower.md", "type": "text/plain", "content": TOWER.replace(" was ", "\nwas ")}
    host.history["metadata"]["user_0"] = {"attachments": [attachment, {"name": "a.png", "type": "image", "image_data": "…"}]}
    host.say("How tall is the tower of granite?")
    assert "<documents>" not in host.model.prompts[-1]
    host.new_chat()
    host.history["metadata"]["user_0"] = {"attachments": [{"name": "other.md", "type": "text/plain", "content": "Something else."}]}
    host.say("How tall is the tower of granite?")
    assert "<documents>" in host.model.prompts[-1]


def test_regenerating_replaces_the_reply_and_shows_the_same_memories(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.new_chat()
    host.say("What is my dog called?")
    host.regenerate()
    assert pairs() == [("My dog is called Biscuit.", "Reply 1."), ("What is my dog called?", "Reply 3.")]
    assert "My dog is called Biscuit." in host.model.prompts[-1]


def test_continuing_extends_the_reply(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.new_chat()
    host.say("What is my dog called?")
    host.model.replies = [" And more."]
    host.continue_()
    assert pairs()[-1] == ("What is my dog called?", "Reply 2. And more.")
    assert "My dog is called Biscuit." in host.model.prompts[-1]
    assert host.history["internal"][-1][0] == "What is my dog called?", "the saved row is not edited"


def test_a_stopped_reply_is_kept_as_far_as_it_came(host: HostDouble) -> None:
    host.model.replies = ["One two three four five six seven eight."]
    host.say_and_stop("Count to eight, please.", words=4)
    (exchange,) = diary()
    assert exchange.said == "Count to eight, please."
    assert exchange.reply.startswith("One two")
    assert "eight" not in exchange.reply


def test_what_was_said_is_written_before_the_model_answers(host: HostDouble) -> None:
    during: list[list[tuple[str, str]]] = []
    host.model.during = lambda piece: during.append(pairs())
    host.say("My dog is called Biscuit.")
    assert during[0] == [("My dog is called Biscuit.", "")]


def test_no_idle_work_is_done_while_the_model_answers(host: HostDouble) -> None:
    during: list[bool] = []
    host.model.during = lambda piece: during.append(hooks().extension.app.idle.busy)
    host.say("My dog is called Biscuit.")
    host.incognito()
    host.say("A secret.")
    assert set(during) == {True}
    assert hooks().extension.app.idle.busy is False


def test_what_fell_out_of_a_long_chat_is_shown_to_the_model_as_a_summary(tmp_path: Path, fresh: None) -> None:
    with HostDouble(tmp_path / "webui", EXTENSION, settings={"truncation_length": 500, "max_new_tokens": 40}) as host:
        for row in range(12):
            host.say(f"Keeper number {row} counted the white gulls. " + "tra la " * 30)
        app = hooks().extension.app
        sizes = sys.modules["extension.memory.summarising"].Sizes(300, 60)
        while app.memories.summarising.step(app.host, sizes, "extract", lambda: False):
            continue
        host.say("Go on.")
        assert "[Earlier in this chat, " in host.model.prompts[-1]
        assert hooks().extension.whys.last("me").briefing.saved > 0


def test_a_question_that_another_model_put_more_clearly_is_asked_and_the_persons_words_are_kept(tmp_path: Path, fresh: None) -> None:
    clearer = "What is my dog called, is it Biscuit?"
    with Double() as server, HostDouble(tmp_path / "webui", EXTENSION) as host:
        server.chats(speaks(Scripted([clearer])))
        host.say("My dog is called Biscuit.")
        app = hooks().extension.app
        app.use(app.settings.changed(enrich=server.url))
        host.new_chat()
        host.say("What is my dog called?")
        assert f"</memories>\n\n{clearer}" in host.model.prompts[-1]
        assert pairs()[-1] == ("What is my dog called?", "Reply 2.")
        assert host.messages() == [("What is my dog called?", "Reply 2.")]
        app.close()


def test_the_loaded_model_itself_may_put_the_question_more_clearly(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    app = hooks().extension.app
    app.use(app.settings.changed(enrich="host"))
    host.new_chat()
    host.model.replies = ["What is my dog called, is it Biscuit?", "Biscuit."]
    host.say("What is my dog called?")
    assert "</memories>\n\nWhat is my dog called, is it Biscuit?" in host.model.prompts[-1]
    assert pairs()[-1] == ("What is my dog called?", "Biscuit.")


def test_a_model_that_fails_costs_no_word_of_the_person(host: HostDouble) -> None:
    host.model.replies = [RuntimeError("out of memory")]
    host.say("My dog is called Biscuit.")
    assert pairs() == [("My dog is called Biscuit.", "")]


def test_an_edited_message_is_edited_in_the_diary_at_the_next_turn(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.edit(0, "user", "My dog is called Brandy.")
    host.edit(0, "assistant", "A fine name.")
    host.say("And my cat is called Soot.")
    assert pairs()[0] == ("My dog is called Brandy.", "A fine name.")
    assert len(pairs()) == 2


def test_a_swiped_reply_is_the_one_remembered(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.regenerate()
    host.swipe(0, "left")
    host.say("And my cat is called Soot.")
    assert pairs()[0] == ("My dog is called Biscuit.", "Reply 1.")


def test_a_deleted_row_is_forgotten_at_the_next_turn(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.say("My cat is called Soot.")
    host.remove_last()
    host.say("My horse is called Ada.")
    assert [said for said, _ in pairs()] == ["My dog is called Biscuit.", "My horse is called Ada."]


def test_a_branch_keeps_its_own_copy_and_the_copy_is_shown_once(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.branch()
    host.say("My cat is called Soot.")
    host.new_chat()
    host.say("What is my dog called?")
    assert host.model.prompts[-1].count("My dog is called Biscuit.") == 1


def test_what_was_forgotten_does_not_come_back_from_the_webuis_own_log(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    hooks().extension.app.memories.forget([diary()[0].id])
    host.say("My cat is called Soot.")
    assert [said for said, _ in pairs()] == ["My cat is called Soot."]


def test_incognito_chats_are_neither_recorded_nor_given_memories(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.incognito()
    host.say("What is my dog called? My safe's code is 7731.")
    assert len(pairs()) == 1
    assert "<memories>" not in host.model.prompts[-1]


def test_a_greeting_adds_no_row(tmp_path: Path, fresh: None) -> None:
    with HostDouble(tmp_path / "webui", EXTENSION, mode="chat") as host:
        host.new_chat()
        host.say("My dog is called Biscuit.")
        assert [said for said, _ in pairs()] == ["My dog is called Biscuit."]
        assert diary()[0].companion == host.elements["character_menu"]


def test_a_tool_turn_is_one_exchange_with_the_final_answer_and_one_recall(host: HostDouble) -> None:
    host.use_tool("echo")
    host.model.replies = ['<tool_call>{"name": "echo", "arguments": {"text": "hi"}}</tool_call>', "It said hi."]
    host.say("My dog is called Biscuit, please echo hi.")
    assert pairs() == [("My dog is called Biscuit, please echo hi.", "It said hi.")]


def test_reasoning_is_kept_apart_from_the_reply(host: HostDouble) -> None:
    host.model.replies = ["<think>They like dogs & cats.</think>Good boy <3"]
    host.say("My dog is called Biscuit.")
    (exchange,) = diary()
    assert (exchange.reply, exchange.reasoning) == ("Good boy <3", "They like dogs & cats.")


def test_api_calls_without_a_user_are_not_recorded(host: HostDouble) -> None:
    host.api_chat([{"role": "user", "content": "My dog is called Biscuit."}])
    assert pairs() == []


def test_api_calls_with_a_user_are_remembered_as_that_person(host: HostDouble) -> None:
    host.api_chat([{"role": "user", "content": "My dog is called Biscuit."}], user="ada")
    host.api_chat([{"role": "user", "content": "What is my dog called?"}], user="ada")
    assert "My dog is called Biscuit." in host.model.prompts[-1]
    assert {exchange.person.id for exchange in diary()} == {"ada"}
    host.api_chat([{"role": "user", "content": "What is my dog called?"}], user="bob")
    assert "My dog is called Biscuit." not in host.model.prompts[-1]


def test_two_api_conversations_of_one_user_never_overwrite_each_other(host: HostDouble) -> None:
    for fact in ("My dog is called Biscuit.", "I live in Lisbon."):
        opening = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello!"}]
        host.api_chat([*opening, {"role": "user", "content": fact}], user="ada")
    assert [exchange.said for exchange in diary()] == ["My dog is called Biscuit.", "I live in Lisbon."]


def test_the_same_api_request_again_replaces_its_reply(host: HostDouble) -> None:
    for _ in range(2):
        host.api_chat([{"role": "user", "content": "My dog is called Biscuit."}], user="ada")
    assert pairs() == [("My dog is called Biscuit.", "Reply 2.")]


def test_completions_and_the_notebook_pass_through(host: HostDouble) -> None:
    assert host.api_completion("Once upon a time", user="ada") == "Reply 1."
    assert host.notebook("Once upon a time") == "Reply 2."
    assert pairs() == []


def test_switched_off_it_still_records_but_shows_nothing(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    hooks().extension.preferences.change(hooks().extension.app.settings, enabled=False)
    host.new_chat()
    host.say("What is my dog called?")
    assert "<memories>" not in host.model.prompts[-1]
    assert len(pairs()) == 2


def test_a_setting_changed_in_the_panel_survives_in_the_webuis_settings(tmp_path: Path, host: HostDouble) -> None:
    hooks().extension.preferences.change(hooks().extension.app.settings, budget=321, scope="person")
    text = (tmp_path / "webui" / "user_data" / "settings.yaml").read_text(encoding="utf-8")
    assert "familiar-budget: 321" in text
    assert "familiar-scope: person" in text


def test_settings_of_the_webui_are_in_effect_and_nonsense_is_not(tmp_path: Path, fresh: None) -> None:
    with HostDouble(tmp_path / "webui", EXTENSION, settings={"familiar-memories": 2}):
        assert hooks().extension.preferences.attention(hooks().extension.app.settings).memories == 2
        hooks().params["memories"] = "many"
        assert hooks().extension.preferences.attention(hooks().extension.app.settings).memories == 6


def test_a_restart_of_the_interface_keeps_one_app_and_goes_on(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    app = hooks().extension.app
    host.restart()
    assert hooks().extension.app is app
    host.new_chat()
    host.say("What is my dog called?")
    assert "My dog is called Biscuit." in host.model.prompts[-1]


def test_the_hosts_dicts_are_left_as_they_are(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.new_chat()
    host.say("What is my dog called?")
    host.reload()
    assert not [key for key in host.shared.persistent_interface_state if "familiar" in key]
    assert "<memories>" not in str(host.saved())


def test_a_chat_from_before_familiar_is_taken_up_at_its_next_turn(host: HostDouble) -> None:
    old = {"internal": [["My dog is called Biscuit.", "Nice."]], "visible": [["My dog is called Biscuit.", "Nice."]], "metadata": {}}
    host.upload(old)
    host.say("My cat is called Soot.")
    assert [said for said, _ in pairs()] == ["My dog is called Biscuit.", "My cat is called Soot."]


def test_a_locked_diary_costs_neither_the_answer_nor_the_words(host: HostDouble, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    host.say("My dog is called Biscuit.")
    hooks().extension.app.memories.database.close()
    hooks().extension.app.memories.database._lock_timeout = 0.1
    blocker = sqlite3.connect(data_dir / "diary.sqlite", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        assert host.say("My cat is called Soot.") == "Reply 2."
        assert "Soot" in (data_dir / "unsaved.jsonl").read_text(encoding="ascii")
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    host.say("My horse is called Ada.")
    assert sorted(said for said, _ in pairs()) == ["My cat is called Soot.", "My dog is called Biscuit.", "My horse is called Ada."]


def test_what_goes_wrong_is_said_on_the_webuis_console_once_and_without_anybodys_words(host: HostDouble, monkeypatch: Any) -> None:
    lines: list[str] = []
    console = logging.Handler()
    monkeypatch.setattr(console, "emit", lambda record: lines.append(record.getMessage()))
    logging.getLogger("textgen").addHandler(console)

    def fail(*given: Any, **more: Any) -> None:
        raise ValueError("My dog is called Biscuit.")

    try:
        hooks().setup("familiar")
        monkeypatch.setattr(hooks().extension.app.companion, "briefing", fail)
        assert host.say("My dog is called Biscuit.") == "Reply 1."
    finally:
        logging.getLogger("textgen").removeHandler(console)
    assert lines == ["Familiar: This turn goes on without memories (ValueError; see familiar.log)"]


def test_wrong_settings_switch_it_off_with_a_reason_and_the_webui_goes_on(
    tmp_path: Path, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAMILIAR_BUDGET", "a lot")
    with HostDouble(tmp_path / "webui", EXTENSION) as host:
        assert host.say("My dog is called Biscuit.") == "Reply 1."
        assert "FAMILIAR_BUDGET" in hooks().extension.trouble


def test_a_missing_package_never_stops_the_webui(tmp_path: Path, fresh: None, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    monkeypatch.setitem(sys.modules, "extension.app", None)
    with HostDouble(tmp_path / "webui", EXTENSION) as host:
        assert host.say("My dog is called Biscuit.") == "Reply 1."
        assert not hasattr(host.extension, "custom_generate_chat_prompt")
    assert "make install WEBUI=" in caplog.text


def test_a_question_that_would_be_cut_goes_without_memories(tmp_path: Path, fresh: None) -> None:
    with HostDouble(tmp_path / "webui", EXTENSION, settings={"truncation_length": 400, "max_new_tokens": 40}) as host:
        host.say("My dog is called Biscuit.")
        host.new_chat()
        host.say("dog " * 300 + "What is my dog called?")
        assert "<memories>" not in host.model.prompts[-1]


def test_another_extension_that_builds_prompts_still_builds_them(tmp_path: Path, fresh: None) -> None:
    folder = tmp_path / "webui" / "user_data" / "extensions" / "other"
    folder.mkdir(parents=True)
    text = "def custom_generate_chat_prompt(user_input, state, **kwargs):\n    return 'OTHER ' + user_input\n"
    (folder / "script.py").write_text(text, encoding="utf-8")
    with HostDouble(tmp_path / "webui", EXTENSION, others=["other"]) as host:
        host.say("My dog is called Biscuit.")
        host.new_chat()
        host.say("What is my dog called?")
        assert host.model.prompts[-1].startswith("OTHER <memories>")
        assert host.model.prompts[-1].endswith("What is my dog called?")


def test_the_script_is_loaded_as_one_package_under_one_name(host: HostDouble) -> None:
    host.restart()
    assert isinstance(sys.modules["extension"], ModuleType)
    assert host.extension.custom_generate_chat_prompt.__module__ == "extension.webui.hooks"
    assert not [name for name in sys.modules if name.startswith(("user_ext_familiar.", "extensions.familiar.webui"))]


WREN = """name: Wren
context: Talks.
familiar:
  scope: place
  shelf: Birds
  model: other
  preset: {temperature: 0, top_p: 0.3, max_new_tokens: 7, stop: ["Q:", "it's"]}
"""


@pytest.fixture
def states(host: HostDouble, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The states that the model is asked with."""
    seen: list[dict[str, Any]] = []
    generate = host.model.generate
    monkeypatch.setattr(host.model, "generate", lambda question, state: seen.append(dict(state)) or generate(question, state))
    return seen


def test_a_character_generates_and_remembers_as_its_file_says(host: HostDouble, states: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "webui/user_data/characters/Wren.yaml").write_text(WREN)
    host.set_mode("chat", "Wren")
    page = dict(host.elements)
    host.say("My dog is called Biscuit.")
    state = states[-1]
    assert {name: state[name] for name in ("temperature", "do_sample", "top_k", "top_p", "max_new_tokens", "auto_max_new_tokens")} == {
        "temperature": 1,
        "do_sample": False,
        "top_k": 1,
        "top_p": 0.3,
        "max_new_tokens": 7,
        "auto_max_new_tokens": False,
    }
    assert ast.literal_eval(f"[{state['custom_stopping_strings']}]") == ["Q:", "it's"]
    assert {name: host.elements[name] for name in ("temperature", "top_p")} == {name: page[name] for name in ("temperature", "top_p")}
    host.new_chat()
    host.say("What is my dog called?")
    assert "<memories>" not in host.model.prompts[-1], "its scope is this chat"
    (briefing,) = [hooks().extension.whys.last("me", diary()[-1].place.id).briefing]
    assert "wishes the model “other”" in briefing.note
    assert [door_of(hooks().extension).shelf(name) for name in ("Wren", "Robin")] == ["Birds", "Robin"]


def test_what_was_chosen_for_a_chat_and_for_a_person_holds_for_the_turn_and_leaves_the_page(
    host: HostDouble, states: list[dict[str, Any]]
) -> None:
    host.say("My dog is called Biscuit.")
    page, app = dict(host.elements), hooks().extension.app
    app.options.set("decoding-mode", "top_p", "channel", Spot(channel=diary()[-1].place.id), "me")
    app.options.set("answer-length", "short", "person", Spot(person="me"), "me")
    host.say("What is my dog called?")
    state = states[-1]
    assert {name: state[name] for name in ("top_p", "top_k", "temperature", "do_sample", "max_new_tokens")} == {
        "top_p": 0.92,
        "top_k": 0,
        "temperature": 1,
        "do_sample": True,
        "max_new_tokens": 160,
    }
    assert "one to three sentences" in host.model.prompts[-1]
    assert {name: host.elements[name] for name in ("temperature", "top_p")} == {name: page[name] for name in ("temperature", "top_p")}
    host.new_chat()
    host.say("And my cat?")
    assert (states[-1]["top_p"], states[-1]["max_new_tokens"]) == (0.95, 160)


def test_changes_of_a_characters_file_count_at_the_next_turn_and_for_others_nothing_changes(
    host: HostDouble, states: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "webui/user_data/characters/Wren.yaml"
    host.set_mode("chat", "Wren")
    for text, expected in (("familiar: {preset: {top_p: 0.1}}", 0.1), ("familiar: {preset: {top_p: 0.2}}", 0.2), ("familiar: [", 0.95)):
        path.write_text(text)
        host.say("Hello.")
        assert states[-1]["top_p"] == expected
    path.write_text(WREN)
    host.set_mode("chat", "Robin")
    host.say("Hello.")
    host.notebook("Once upon a time")
    assert [state["top_p"] for state in states[-2:]] == [0.95, 0.95]


def test_a_character_that_the_webuis_editor_wrote_goes_by_our_own_file(
    host: HostDouble, states: list[dict[str, Any]], tmp_path: Path, data_dir: Path
) -> None:
    (tmp_path / "webui/user_data/characters/Wren.yaml").write_text("name: Wren\ncontext: Talks.\n")
    (data_dir / "characters").mkdir(parents=True)
    (data_dir / "characters" / "Wren.yaml").write_text(WREN)
    host.set_mode("chat", "Wren")
    host.say("Hello.")
    assert states[-1]["top_p"] == 0.3


def test_a_caller_of_the_api_keeps_its_own_numbers(host: HostDouble, states: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "webui/user_data/characters/Wren.yaml").write_text(WREN)
    host.api_chat([{"role": "user", "content": "Hello."}], user="ann", mode="chat", character="Wren", top_p=0.8)
    assert states[-1]["top_p"] == 0.8


def test_a_command_is_answered_without_the_model_and_is_part_of_no_conversation(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    before = len(host.model.prompts)
    assert host.say("--set-config temperature 0.4") == "```\ntemperature is 0.4 in this place now.\n```"
    assert "Familiar" in host.say("—status")
    assert "Did you mean --commands?" in host.say("--comands")
    assert (len(host.model.prompts), pairs()) == (before, [("My dog is called Biscuit.", "Reply 1.")])
    host.say("And my cat?")
    assert ("set-config" in host.model.prompts[-1], "status" in host.model.prompts[-1]) == (False, False)
    assert "My dog is called Biscuit." in host.model.prompts[-1]
    assert [said for said, _ in pairs()] == ["My dog is called Biscuit.", "And my cat?"]
    host.regenerate()
    assert [said for said, _ in pairs()] == ["My dog is called Biscuit.", "And my cat?"]


def test_a_command_is_given_again_by_regenerating_it(host: HostDouble) -> None:
    host.say("--ping")
    assert "Pong." in host.regenerate()
    assert host.model.prompts == []


def test_another_extensions_generator_and_the_model_are_left_alone_by_everything_but_commands(host: HostDouble) -> None:
    script = host.extensions.state["familiar"][2]
    assert not hasattr(script, "custom_generate_reply")
    host.say("--ping")
    assert not hasattr(script, "custom_generate_reply")
    assert host.say("Hello.") == "Reply 1."


def test_the_model_sees_nothing_from_before_a_reset_until_it_is_undone(host: HostDouble) -> None:
    host.say("The first word is heron.")
    host.say("--reset")
    host.say("Now then.")
    prompt = host.model.prompts[-1].partition("</memories>")[2] or host.model.prompts[-1]
    assert ("heron" in prompt, "Now then." in prompt) == (False, True)
    assert "goes on where it was" in host.say("--reset undo")
    host.say("And now?")
    assert "The first word is heron." in host.model.prompts[-1]


def test_what_is_hidden_and_what_goes_beyond_the_buffer_is_not_in_the_prompt(host: HostDouble) -> None:
    for word in ("heron", "ibis", "jay"):
        host.say(f"A {word} says {word}.")
    assert "hidden" in host.say("--context hide 2")
    host.say("Who is there?")
    assert ("A heron says heron." in host.model.prompts[-1], "A ibis says ibis." in host.model.prompts[-1]) == (True, False)
    host.say("--set-input-buffer-size 3")
    host.say("And now?")
    before = host.model.prompts[-1].partition("<memories>")[0]
    assert ("Reply 4." in before, "Reply 3." in before) == (True, False)


def test_a_prompt_of_our_own_programs_is_neither_recorded_nor_briefed_nor_shortened(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.say("--set-input-buffer-size 1")
    before = diary()
    said = (("user", "One."), ("assistant", "Two."), ("user", "Whose dog is Biscuit?"))
    host.api_chat([{"role": role, "content": text} for role, text in said], user=PREPARED)
    prompt = host.model.prompts[-1]
    assert ("One." in prompt, "<memories>" in prompt, PREPARED in prompt) == (True, False, False)
    assert diary() == before


def test_an_api_caller_gives_no_commands(host: HostDouble) -> None:
    host.api_chat([{"role": "user", "content": "--ping"}], user="eve")
    assert "--ping" in host.model.prompts[-1]
