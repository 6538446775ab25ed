"""The standalone chat in a real browser, with a scripted host."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_message_is_answered_and_its_chat_listed(window):
    assert window.say("My bicycle is green.") == "You said: My bicycle is green."
    expect(window.find("#title")).to_contain_text("My bicycle is green.")
    expect(window.chats.filter(has_text="My bicycle is green.")).to_have_count(1)
    expect(window.box).to_have_value("")


def test_an_empty_chat_says_what_to_do_and_offers_a_beginning(window):
    expect(window.find("#chatbot")).to_contain_text("What is on your mind?")
    window.find("#chatbot .example").filter(has_text="What do you remember about me?").click()
    expect(window.box).to_have_value("What do you remember about me?")


def test_what_was_said_in_another_chat_is_recalled_and_shown(window):
    window.say("The lighthouse keeper is called Ottoline.")
    window.new_chat()
    window.say("Who is the lighthouse keeper?")
    expect(window.why).to_contain_text("The lighthouse keeper is called Ottoline.")
    expect(window.why).to_contain_text("another chat")
    expect(window.why.locator(".scores")).not_to_have_count(0)


def test_a_new_answer_takes_the_place_of_the_old_one(window):
    window.say("Tell me about gooseberries.")
    window.press("Retry")
    window.reply()
    expect(window.said).to_have_count(1)
    expect(window.replies).to_have_count(1)
    window.search("gooseberries")
    expect(window.find("#familiar-found")).to_contain_text("1 found")


def test_an_edited_message_is_answered_anew_and_what_came_after_it_is_dropped(window):
    window.say("I live in Bergen.")
    window.say("It rains a lot there.")
    window.press("Edit", 0)
    window.find("#chatbot .message.user textarea").fill("I live in Tromsø.")
    window.press("Submit")
    expect(window.replies.last).to_have_text("You said: I live in Tromsø.")
    assert window.reply() == "You said: I live in Tromsø."
    expect(window.said).to_have_count(1)
    window.search("rains a lot")
    expect(window.find("#familiar-found")).to_contain_text("Nothing found")


def test_an_edited_reply_is_what_the_diary_holds(window):
    window.say("How tall is the old oak?")
    window.press("Edit")
    window.find("#chatbot .message.bot textarea").fill("Twenty-three metres.")
    window.press("Submit")
    expect(window.replies.last).to_have_text("Twenty-three metres.")
    window.search("Twenty-three")
    window.choose("How tall is the old oak?")
    expect(window.find("#familiar-reply textarea")).to_have_value("Twenty-three metres.")


def test_an_exchange_forgotten_in_the_chat_is_gone_everywhere(window):
    window.say("My secret is a marzipan hoard.")
    window.say("Something else entirely.")
    window.forget_exchange(0)
    expect(window.said).to_have_count(1)
    expect(window.said).to_have_text("Something else entirely.")
    window.search("marzipan")
    expect(window.find("#familiar-found")).to_contain_text("Nothing found")


def test_a_chat_can_be_renamed_and_forgotten(window):
    window.say("A chat about thimbles.")
    window.find("#this-chat > button").click()
    window.find("#chat-title input, #chat-title textarea").fill("Sewing")
    window.find("#chat-title button").click()
    expect(window.find("#title")).to_contain_text("Sewing")
    expect(window.chats.filter(has_text="Sewing")).to_have_count(1)
    window.find("#delete-chat").click()
    window.find("#delete-chat-yes").click()
    expect(window.find("#title")).to_contain_text("New chat")
    expect(window.chats.filter(has_text="Sewing")).to_have_count(0)
    window.search("thimbles")
    expect(window.find("#familiar-found")).to_contain_text("Nothing found")


def test_an_older_chat_is_opened_with_all_its_words(window):
    window.say("The first of two chats.")
    window.new_chat()
    window.say("The second of two chats.")
    window.open_chat("The first of two chats.")
    expect(window.said).to_have_text(["The first of two chats."])
    expect(window.replies).to_have_text(["You said: The first of two chats."])


def test_two_windows_talk_at_the_same_time(window, open_window, server):
    other = open_window(server.url).open()
    window.send("Left hand. " + "word " * 60)
    other.send("Right hand. " + "word " * 60)
    assert window.reply().startswith("You said: Left hand.")
    assert other.reply().startswith("You said: Right hand.")
    expect(window.said).to_have_count(1)
    expect(other.said).to_have_count(1)


def test_another_companion_starts_another_chat_and_knows_only_what_was_said_to_it(window):
    window.say("The password of the shed is periwinkle.")
    window.find("#companion input").fill("Ada")
    window.find("#companion input").press("Enter")
    expect(window.find("#title")).to_contain_text("with Ada")
    window.say("What is the password of the shed?")
    expect(window.why).to_contain_text("No memory bears on the last message")
    window.find("#familiar-scope label").filter(has_text="Everything of mine").click()
    expect(window.find("#familiar-settings-note")).to_have_text("Kept.")
    window.press("Retry")
    expect(window.why).to_contain_text("periwinkle")
    window.reply()
    window.find("#familiar-scope label").filter(has_text="This companion").click()
    expect(window.find("#familiar-scope label.selected")).to_have_text("This companion")


def test_with_memories_off_the_model_is_given_none(window):
    window.say("My canoe is called Marguerite.")
    window.new_chat()
    window.find("#familiar-enabled input").click()
    expect(window.find("#familiar-settings-note")).to_have_text("Kept.")
    window.say("What is my canoe called?")
    expect(window.why).to_contain_text("Memories are switched off")
    expect(window.why).not_to_contain_text("Marguerite")
    window.find("#familiar-enabled input").click()
    window.press("Retry")
    expect(window.why).to_contain_text("Marguerite")
    window.reply()


def test_markup_that_somebody_types_stays_text(window):
    hostile = "<script>window.hacked = 1</script> <img src=x onerror='window.hacked = 1'> **bold** ${7*7} {{7*7}} parrot"
    window.send(hostile)
    expect(window.said).to_contain_text("script>window.hacked = 1")
    window.reply()
    window.new_chat()
    window.say("parrot onerror window hacked?")
    expect(window.why).to_contain_text("<script>window.hacked = 1</script> <img src=x onerror='window.hacked = 1'> **bold** ${7*7} {{7*7}}")
    window.search("parrot")
    window.choose("<script>")
    expect(window.find("#familiar-said textarea")).to_have_value(hostile)
    assert window.page.evaluate("window.hacked") is None
    assert window.find("#chatbot img, #familiar img").count() == 0


def test_light_and_dark_can_be_switched_and_are_remembered(window):
    assert window.page.evaluate("document.body.classList.contains('dark')") is False
    window.find("[data-light]").click()
    assert window.page.evaluate("document.body.classList.contains('dark')") is True
    later = window.again()
    later.until(lambda: later.page.evaluate("document.body.classList.contains('dark')"))


def test_the_page_follows_the_systems_dark_theme(open_window, server):
    window = open_window(server.url, color_scheme="dark").open()
    window.until(lambda: window.page.evaluate("document.body.classList.contains('dark')"))


def test_on_a_narrow_screen_chats_and_memory_are_drawers(open_window, server):
    window = open_window(server.url, viewport={"width": 420, "height": 800}).open()
    expect(window.find("#chats")).to_be_hidden()
    expect(window.find("#memory")).to_be_hidden()
    window.find("[data-side=memory]").click()
    expect(window.find("#familiar-why")).to_be_visible()
    window.page.keyboard.press("Escape")
    expect(window.find("#memory")).to_be_hidden()
    window.find("[data-side=chats]").click()
    window.find("#new-chat").click()
    expect(window.find("#chats")).to_be_hidden()
    assert window.say("A narrow question.") == "You said: A narrow question."
    assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
