"""Somebody who moves house, changes jobs and talks about it: memories of which facts can be noted and summaries made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from extension.app import App
from extension.memory.diary import Answer
from extension.messages import Person, Place, Turn

ME = Person("me", "Ida")
HOME, WORK = Place("chat:home", title="Home"), Place("chat:work", title="Work")
CHANNEL = Place("room:walks", shared=True, title="Weekend walks")
FIRST = datetime(2025, 3, 8, 18, 30, tzinfo=UTC)

SAID = (
    (0, HOME, ME, "I live in Lisbon, in a flat above a bakery, and the smell of bread wakes me up at five."),
    (2, WORK, ME, "I work as a nurse in the children's ward, mostly at night."),
    (9, HOME, ME, "My sister Clara has a dog called Biscuit who is afraid of the vacuum cleaner."),
    (150, HOME, ME, "I have moved and live in Coimbra now, close to the river and the old bridge."),
    (160, CHANNEL, Person("bea", "Bea"), "My favourite path is the one along the cliffs, past the lighthouse."),
    (161, CHANNEL, ME, "Then let us walk there on Saturday, if it does not rain too much."),
    (400, WORK, ME, "I changed jobs: I work as a midwife now, and I like the mornings."),
    (410, HOME, ME, "We packed the last boxes, and now I live in Porto with Clara and the dog."),
    (411, HOME, ME, "The kitchen is painted yellow at last, and the shelves stay where they are put."),
    (412, HOME, ME, "The neighbours brought us a cake on the first evening, with walnuts and honey."),
    (413, HOME, ME, "I planted rosemary and two small lemon trees in pots on the balcony."),
    (414, HOME, ME, "The lemon trees lost their leaves after the storm, but the rosemary does not mind."),
    (430, HOME, ME, "<script>window.hacked = 1</script> My favourite colour is <img src=x onerror='window.hacked = 1'> teal."),
)
NOTES = {
    "Lisbon": "I | home | Lisbon",
    "nurse": "I | job | nurse",
    "Biscuit": "Clara | dog | Biscuit",
    "Coimbra": "I | home | Coimbra",
    "favourite path": "I | favourite path | the one along the cliffs",
    "midwife": "I | job | midwife",
    "Porto": "I | home | Porto",
    "teal": "I | favourite colour | teal",
}


def live(app: App) -> None:
    """Write the memories, and bring the indexes up to them."""
    for row, (day, where, who, said) in enumerate(SAID):
        app.companion.remember(Turn(who, where, "Familiar", said, row, FIRST + timedelta(days=day)), Answer("I will keep that in mind."))
    app.memories.settle()


def noted(question: str) -> str:
    """Return what a good model would note of what it is asked about, with something made up, which nobody believes."""
    found = [line for word, line in NOTES.items() if word in question]
    return "\n".join([*found, "Ida | planet | Mars"]) if found else "NONE"
