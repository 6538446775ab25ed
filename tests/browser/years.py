"""Two years of talk to look at: the same memories each time, in some places, to two companions, and with somebody else."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from extension.app import App
from extension.memory.diary import Answer
from extension.messages import Person, Place, Turn

FIRST = datetime(2025, 2, 3, 9, 0, tzinfo=UTC)
WEEKS = 92
BEA = Person("bea", "Bea")
TAILS = (
    *("before breakfast", "with Anna", "in the rain", "for once", "after a long day", "as my father did", "all alone"),
    *("at last", "as every year", "before the guests come", "by candlelight", "in a hurry", "against all advice", "with music"),
)
ODD = "<script>window.hacked = 1</script> \u202eشكرا\u202c 🌱 " + "long" * 300
"""What nobody says, to be shown as text wherever it is shown."""

GARDEN = Place("chat:garden", title="The garden")
KITCHEN = Place("chat:kitchen", title="Kitchen")
WORK = Place("chat:work", title="Work")
MUSIC = Place("chat:music", title="Oboe practice")
CHANNEL = Place("room:walks", shared=True, title="Weekend walks")

TALK = {
    GARDEN: (
        "The {} needs water every evening now.",
        "I planted a row of {} beside the fence.",
        "Slugs have been at the {} again.",
        "When should I prune the {}?",
        "The first {} came up this morning.",
    ),
    KITCHEN: (
        "I baked {} for Sunday and it was gone in an hour.",
        "The recipe for {} needs less sugar than it says.",
        "My daughter asked for {} again.",
        "How long does {} keep in the fridge?",
    ),
    WORK: (
        "The review of the {} is moved to Thursday.",
        "I have to explain the {} to the new colleague.",
        "We finally finished the {} at work.",
        "The deadline for the {} worries me.",
    ),
    MUSIC: (
        "I practised the {} for half an hour.",
        "The slow part of the {} sounds better with the new reed.",
        "Our quintet plays the {}.",
    ),
    CHANNEL: ("Shall we walk to the {} on Saturday?", "The path to the {} is flooded.", "I took the train to the {} and walked back."),
}
THINGS = {
    GARDEN: ("tomatoes", "beans", "apple tree", "roses", "lettuce", "rhubarb"),
    KITCHEN: ("rye bread", "plum cake", "lentil soup", "pancakes", "apple pie"),
    WORK: ("budget report", "new server", "contract", "test plan", "quarterly numbers"),
    MUSIC: ("Marcello concerto", "Mozart quartet", "Bach sonata", "scales"),
    CHANNEL: ("old mill", "lighthouse", "castle", "lake", "ridge"),
}


def live(app: App) -> None:
    """Write the memories, and bring the indexes up to them."""
    chance = random.Random(7)
    rows, heard = dict.fromkeys(TALK, 0), set[str]()
    for week in range(WEEKS):
        busy = 1 + (week % 26) // 5 if week not in (30, 31, 32) else 0  # a holiday without a word
        for _ in range(chance.randrange(busy, 2 * busy + 1)):
            where = chance.choice(tuple(TALK))
            said = f"{chance.choice(TALK[where]).format(chance.choice(THINGS[where]))} {chance.choice(TAILS).capitalize()}."
            if said in heard:  # copies would be forgotten together
                continue
            heard.add(said)
            who = BEA if where is CHANNEL and chance.random() < 0.5 else Person("me")
            companion = "Robin" if where is WORK else "Familiar"
            when = FIRST + timedelta(days=7 * week + chance.randrange(7), hours=chance.randrange(10))
            app.companion.remember(Turn(who, where, companion, said, rows[where], when), Answer("I will keep that in mind."))
            rows[where] += 1
    odd = Turn(Person("me"), Place("chat:odd", title="<b>Odd</b> & ends"), "Familiar", ODD, 0, FIRST + timedelta(weeks=WEEKS))
    app.companion.remember(odd, Answer("<img src=x onerror='window.hacked = 1'>"))
    app.memories.settle()
