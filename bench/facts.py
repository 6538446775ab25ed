"""What the documents of the benchmarks are about: kinds of things, what is said of each, and how that is asked for.

All of it was written for this, and nothing in it is true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Wording = Literal["exact", "meant", "spoken"]
"""How a question is worded: with the words of the passage, with others, or as somebody talks who remembers half of it."""


def listed(words: str) -> list[str]:
    """Return the words of a line."""
    return words.split()


_FIRST = listed(
    "Ada Alma Anselm Aurel Beata Berit Caspar Celia Damian Dorothea Edda Egon Elise Fabian Frida Gesine Gregor Hanna Henrik Ida Ignaz "
    "Ilse Jakob Jolanda Jonas Karla Konrad Lea Leonhard Livia Magnus Marit Matthis Nadja Nils Odile Oskar Paula Piet Quirin Renata "
    "Rufus Selma Silas Tabea Theo Ulrike Valentin Vera Wanda Xaver Yara Zeno"
)
_STARTS = listed(
    "Al Bar Bel Cor Dun El Far Gal Hal Il Jor Kal Lor Mar Nor Or Pel Quen Ras Sel Tar Ul Var Wes Yar Zan Bren Cad Dro Esk Fen Gri"
)
_MIDDLES = listed("a e i o u an en in on ar er ir or al el il ol ay ea ou")
_ENDS = listed(
    "bach berg by croft dale den fell ford gar ham holm ick ley lin loch mar mere mond more nes rath ric row sted thal ton vik wald "
    "wen wick"
)
_BEFORE = ("", "", "", "", "Great ", "Little ", "Lower ", "New ", "Old ", "Saint ", "Upper ")
Value = Sequence[str] | tuple[int, int] | Literal["person", "place"]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is said of a thing. `{name}` is the thing's and `{value}` what differs from one to the next."""

    label: str
    """The name of a column for it."""
    values: Value
    """What it may be: one of some words, a number between two, or the name of a person or a place."""
    told: str
    exact: str
    meant: str
    spoken: str

    def asked(self, wording: Wording) -> str:
        """Return how it is asked for."""
        return {"exact": self.exact, "meant": self.meant, "spoken": self.spoken}[wording]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing."""

    one: str
    many: str
    called: tuple[str, ...]
    """What stands behind the name of one."""
    sections: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """One of a kind, with what is the case about it."""

    kind: Kind
    name: str
    values: Mapping[str, str]
    """By the label of the fact."""

    def told(self, fact: Fact) -> str:
        """Return the sentence that says a fact."""
        return fact.told.format(name=self.name, value=self.values[fact.label])

    def asked(self, fact: Fact, wording: Wording) -> str:
        """Return the question that it answers."""
        return fact.asked(wording).format(name=self.name)


class Names:
    """Names of people and places that nobody has, none of them twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[str] = set()

    def place(self) -> str:
        """Return the name of a place."""
        return self._new(lambda: self._choice(_BEFORE) + self._word())

    def person(self) -> str:
        """Return the name of a person."""
        return self._new(lambda: f"{self._choice(_FIRST)} {self._word()}")

    def _word(self) -> str:
        return self._choice(_STARTS) + self._choice(_MIDDLES) + self._choice(_ENDS)

    def _choice(self, parts: Sequence[str]) -> str:
        return self._random.choice(parts)

    def _new(self, make: Callable[[], str]) -> str:
        while (name := make()) in self._given:
            continue
        self._given.add(name)
        return name


def thing(kind: Kind, names: Names, random: Random) -> Thing:
    """Return a new one of a kind."""
    name = f"{names.place()} {random.choice(kind.called)}"
    return Thing(kind, name, {fact.label: _value(fact.values, names, random) for fact in kind.facts})


def _value(values: Value, names: Names, random: Random) -> str:
    if values == "person":
        return names.person()
    if values == "place":
        return names.place()
    if isinstance(values[0], int):
        return str(random.randint(*values))
    return str(random.choice(values))


_STONES = ("basalt", "blue clinker", "dolomite", "flint", "granite", "limestone", "pale sandstone", "porphyry", "red brick", "slate")
_COLOURS = ("amber", "cobalt blue", "crimson", "dove grey", "ivory", "moss green", "ochre", "olive", "pitch black", "violet")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_ILLS = ("asthma", "frostbite", "gout", "hay fever", "insomnia", "migraine", "psoriasis", "sciatica", "tinnitus", "vertigo")
_CARGO = (
    "bells",
    "brandy",
    "cod liver oil",
    "glass beads",
    "harpsichords",
    "nutmeg",
    "roof tiles",
    "saltpetre",
    "tulip bulbs",
    "whalebone",
)
_SPICES = ("allspice", "caraway", "cardamom", "fennel seed", "juniper", "lovage", "mace", "saffron", "star anise", "sumac")
_PRIZES = (
    "a brass telescope",
    "a cask of cider",
    "a goose",
    "a pair of skates",
    "a silver spoon",
    "a velvet coat",
    "a walnut chest",
    "two goats",
)
_LANGUAGES = ("Ada", "C", "COBOL", "Erlang", "Fortran", "Haskell", "Lisp", "Pascal", "Prolog", "Smalltalk")

KINDS = (
    Kind("lighthouse", "lighthouses", ("Head", "Point", "Light"), ("The tower", "The keepers", "At sea", "Money and repairs"), (
        Fact("keeper", "person", "The first keeper of {name} was {value}, who stayed for eleven winters.",
             "Who was the first keeper of {name}?", "Which person looked after the lamp at {name} in the beginning?",
             "I read about someone who tended the light at {name} before all the others, what was the name again?"),
        Fact("height", (18, 96), "From its foot to the lantern {name} measures {value} metres.",
             "How many metres does {name} measure from foot to lantern?", "How tall is {name}?",
             "is {name} a big one? i mean how high up is it"),
        Fact("stone", _STONES, "The walls of {name} are of {value}, brought by barge from the other side of the bay.",
             "Of what are the walls of {name}?", "Which building material was chosen for {name}?",
             "what did they actually build {name} out of"),
        Fact("flashes", (2, 59), "By night {name} shows one white flash every {value} seconds.",
             "Every how many seconds does {name} show a white flash?",
             "How long is the interval between two signals of {name} in the dark?",
             "if you stand there at night watching {name}, how long until it blinks again?"),
        Fact("lit", (1790, 1938), "The lamp of {name} was lit for the first time in the autumn of {value}.",
             "In which year was the lamp of {name} lit for the first time?", "Since when has {name} been in service?",
             "when did {name} start up, roughly which year"),
    )),
    Kind("bridge", "bridges", ("Bridge", "Crossing", "Viaduct"), ("Design", "Building it", "Traffic", "Damage and care"), (
        Fact("engineer", "person", "The drawings for {name} came from the desk of {value}, then only twenty-six years old.",
             "From whose desk came the drawings for {name}?", "Who designed {name}?",
             "some very young engineer planned {name}, do you know who that was?"),
        Fact("span", (60, 990), "The main span of {name} is {value} metres long.",
             "How long is the main span of {name}?", "What distance does {name} cover between its two largest supports?",
             "how far does the middle part of {name} reach?"),
        Fact("toll", (2, 95), "Until the reform a cart paid {value} pence to pass over {name}.",
             "How many pence did a cart pay to pass over {name}?",
             "What did it cost carters to get across {name} before things were changed?",
             "they used to charge money on {name}, how much was that for a wagon?"),
        Fact("paint", _COLOURS, "The railings of {name} are painted {value}, a shade mixed for it alone.",
             "In what shade are the railings of {name} painted?", "Which colour do the handrails on {name} have?",
             "what colour is the thing you hold on to when you walk over {name}"),
        Fact("closed", _MONTHS, "Every {value} the roadway of {name} is closed for nine days, so that the bearings can be greased.",
             "In which month is the roadway of {name} closed?", "When in the year can nobody drive across {name} because of maintenance?",
             "we want to take the car over {name}, which month should we avoid?"),
    )),
    Kind("ship", "ships", ("Star", "Maid", "Herald"), ("The yard", "Crew", "Voyages", "The last years"), (
        Fact("captain", "person", "On her maiden voyage the {name} was under the command of {value}.",
             "Under whose command was the {name} on her maiden voyage?", "Who was captain of the {name} when she first set out?",
             "do you remember who was in charge on the {name} the very first time?"),
        Fact("cargo", _CARGO, "When she left port the hold of the {name} was full of {value}.",
             "What was the hold of the {name} full of when she left port?", "Which goods did the {name} carry?",
             "what was the {name} shipping, what stuff was on board?"),
        Fact("crew", (9, 240), "A full watch of the {name} counted {value} hands, the cook not included.",
             "How many hands did a full watch of the {name} count?", "How large was the crew of the {name}?",
             "how many sailors did it take to run the {name}"),
        Fact("wrecked", "place", "The {name} ran aground on the sands off {value} and was never floated again.",
             "Off which place did the {name} run aground?", "Where was the {name} wrecked?",
             "what happened to the {name} in the end, where did she get lost?"),
        Fact("days", (21, 199), "The outward passage of the {name} took {value} days, most of them against the wind.",
             "How many days did the outward passage of the {name} take?", "How long was the {name} under way before she arrived?",
             "it took the {name} ages to get there, how many days was it?"),
    )),
    Kind("expedition", "expeditions", ("Expedition", "Survey", "Traverse"), ("Preparations", "The route", "Findings", "The way home"), (
        Fact("leader", "person", "{value} led the {name}, against the advice of every doctor.",
             "Who led the {name} against the advice of every doctor?", "Which person was the head of the {name}?",
             "who was that stubborn man or woman who ran the {name} although they were ill?"),
        Fact("camp", (1100, 5900), "The {name} pitched its highest camp at {value} metres above the sea.",
             "At how many metres did the {name} pitch its highest camp?", "What altitude did the tents of the {name} reach?",
             "how far up did the people of the {name} sleep?"),
        Fact("sponsor", "person", "The whole cost of the {name} was borne by {value}, who asked for nothing but a map.",
             "By whom was the whole cost of the {name} borne?", "Who paid for the {name}?",
             "there was a generous donor behind the {name}, what's the name?"),
        Fact("animals", (12, 88), "With the {name} went {value} mules, of which a third came back.",
             "How many mules went with the {name}?", "How many pack animals accompanied the {name}?",
             "how many beasts of burden did the {name} take along"),
        Fact("river", "place", "The {name} proved that the {value} does not flow into the lake but past it.",
             "Of which river did the {name} prove that it does not flow into the lake?",
             "Which stream's true course was found by the {name}?",
             "the {name} corrected the maps about some river, which?"),
    )),
    Kind("orchard", "orchards", ("Orchard", "Gardens", "Nursery"), ("Soil and trees", "The harvest", "Pests", "Selling"), (
        Fact("founder", "person", "The oldest trees of {name} were planted by {value} as a wedding present.",
             "By whom were the oldest trees of {name} planted?", "Who began {name}?",
             "somebody put the first trees into the ground at {name} for a marriage, who?"),
        Fact("harvest", _MONTHS, "At {name} the pears are picked in {value}, before the wasps find them.",
             "In which month are the pears picked at {name}?", "When is the fruit gathered at {name}?",
             "which time of the year should i go to {name} to help with the pears"),
        Fact("yield", (3, 98), "In a good year {name} brings in {value} tons of fruit.",
             "How many tons of fruit does {name} bring in in a good year?", "How large is the crop of {name} when all goes well?",
             "how much do they get out of {name} if the weather is fine"),
        Fact("spice", _SPICES, "The cider of {name} is flavoured with {value}, which elsewhere would be thought a mistake.",
             "With what is the cider of {name} flavoured?", "Which spice goes into the drink made at {name}?",
             "there's something odd in the booze from {name}, what do they put in it?"),
        Fact("rows", (14, 260), "The terraces of {name} hold {value} rows, each as long as the slope allows.",
             "How many rows do the terraces of {name} hold?", "In how many lines do the trees of {name} stand?",
             "how many lines of trees would i have to walk past at {name}"),
    )),
    Kind("trial", "trials", ("Trial", "Study", "Cohort"), ("Methods", "Participants", "Results", "Limitations"), (
        Fact("author", "person", "The protocol of the {name} was written by {value} over a single weekend.",
             "By whom was the protocol of the {name} written?", "Who drew up the plan for the {name}?",
             "which researcher thought up the {name} in two days?"),
        Fact("illness", _ILLS, "The {name} enrolled people who had suffered from {value} for at least two years.",
             "From what had the people enrolled in the {name} suffered?", "Which illness did the {name} look into?",
             "what was wrong with the patients in the {name}?"),
        Fact("dose", (5, 480), "In the {name} each participant received {value} milligrams, taken after breakfast.",
             "How many milligrams did each participant of the {name} receive?", "What was the daily dose in the {name}?",
             "how much of the drug did they swallow every morning in the {name}"),
        Fact("dropped", (2, 77), "Before its end {value} participants withdrew from the {name}, mostly for reasons of travel.",
             "How many participants withdrew from the {name}?", "How many people left the {name} early?",
             "did many quit the {name}? how many"),
        Fact("weeks", (4, 104), "The {name} followed everybody for {value} weeks after the last visit.",
             "For how many weeks did the {name} follow everybody after the last visit?",
             "How long was the observation period of the {name}?",
             "how long did they keep an eye on folks once the {name} was done with the visits?"),
    )),
    Kind("company", "companies", ("Works", "Mills", "Brothers"), ("Founding", "Products", "People", "Accounts"), (
        Fact("founder", "person", "{name} began in the wash house of {value}, with a borrowed press.",
             "In whose wash house did {name} begin?", "Who founded {name}?",
             "who started {name}, it was in some laundry room i think"),
        Fact("staff", (11, 4200), "At its largest {name} employed {value} people in three shifts.",
             "How many people did {name} employ at its largest?", "How big was the workforce of {name} at its height?",
             "how many had a job at {name} when it went really well"),
        Fact("seat", "place", "In its second decade {name} moved its seat to {value}, where water was cheap.",
             "Where did {name} move its seat in its second decade?",
             "In which town has {name} had its head office since it left its first home?",
             "{name} relocated at some point because of the water, where to?"),
        Fact("loss", (3, 640), "The fire cost {name} {value} thousand crowns, none of them insured.",
             "How many thousand crowns did the fire cost {name}?", "What damage in money did the blaze do to {name}?",
             "how much money went up in flames at {name}"),
        Fact("colour", _COLOURS, "Every parcel of {name} leaves the yard in {value} paper.",
             "In what paper does every parcel of {name} leave the yard?", "Which colour is the wrapping that {name} uses?",
             "what do the packages from {name} look like, what colour?"),
    )),
    Kind("festival", "festivals", ("Fair", "Feast", "Regatta"), ("Origins", "The days", "Contests", "Visitors"), (
        Fact("month", _MONTHS, "The {name} opens on the first Sunday of {value} with a walk around the walls.",
             "On the first Sunday of which month does the {name} open?", "When does the {name} take place?",
             "i'd like to be at the {name}, which month do i have to come?"),
        Fact("prize", _PRIZES, "Whoever wins the great race of the {name} takes home {value}.",
             "What does whoever wins the great race of the {name} take home?", "Which prize is given at the {name}?",
             "what do you get if you come first at the {name}"),
        Fact("record", "person", "Nobody has won at the {name} as often as {value}, who never trained.",
             "Who has won at the {name} most often?", "Which person holds the record of victories at the {name}?",
             "who is the all time champion of the {name}?"),
        Fact("guests", (2, 94), "In a dry year {value} thousand guests come to the {name}.",
             "How many thousand guests come to the {name} in a dry year?", "What attendance does the {name} have when it does not rain?",
             "how crowded does the {name} get if the weather holds"),
        Fact("origin", "person", "The {name} goes back to a vow of {value}, made in a cellar during the siege.",
             "To whose vow does the {name} go back?", "Thanks to whom is the {name} celebrated at all?",
             "someone promised something underground and that is why there is a {name}, who was it?"),
    )),
    Kind("observatory", "observatories", ("Observatory", "Dome", "Station"), ("Instruments", "Observations", "Staff", "The site"), (
        Fact("director", "person", "For most of its life {name} was directed by {value}, who lived above the workshop.",
             "By whom was {name} directed for most of its life?", "Who was the head of {name} the longest?",
             "who ran {name}, the one who had a flat in the building?"),
        Fact("mirror", (40, 810), "The great mirror of {name} is {value} centimetres across and was ground by hand.",
             "How many centimetres is the great mirror of {name} across?", "What is the diameter of the telescope at {name}?",
             "how wide is the reflecting thing they look through at {name}"),
        Fact("nights", (90, 310), "On average {name} has {value} clear nights a year.",
             "How many clear nights a year does {name} have on average?", "How often is the sky cloudless over {name}?",
             "how many nights can they actually see stars from {name}?"),
        Fact("comet", "person", "The comet first seen from {name} was named after {value}, the cleaner who noticed it.",
             "After whom was the comet first seen from {name} named?", "Who discovered a comet at {name}?",
             "wasn't there a cleaning person at {name} who got a comet, what was the name"),
        Fact("catalogue", (1200, 88000), "The catalogue of {name} lists {value} double stars.",
             "How many double stars does the catalogue of {name} list?", "How many binaries were recorded at {name}?",
             "how many pairs of stars did the people at {name} write down"),
    )),
    Kind("program", "programs", ("Engine", "Daemon", "Compiler"), ("Installation", "Configuration", "Internals", "Troubleshooting"), (
        Fact("port", (1025, 65000), "Unless told otherwise, {name} listens on port {value}.",
             "On which port does {name} listen unless told otherwise?", "What is the default network endpoint number of {name}?",
             "my firewall blocks {name}, which port do i need to open"),
        Fact("timeout", (5, 900), "After {value} seconds without an answer {name} gives up and tries the next mirror.",
             "After how many seconds without an answer does {name} give up?",
             "What timeout does {name} use before it turns to another mirror?",
             "how long does {name} hang around before it moves on to the next one"),
        Fact("language", _LANGUAGES, "The first version of {name} was written in {value} and ran for nine years.",
             "In what was the first version of {name} written?", "Which programming language was {name} originally made with?",
             "what did they code {name} in at first?"),
        Fact("maintainer", "person", "Security reports about {name} go to {value}, who answers within two days.",
             "To whom do security reports about {name} go?", "Whom should one tell about a vulnerability in {name}?",
             "found a hole in {name}, who do i contact?"),
        Fact("memory", (64, 4000), "With its standard settings {name} keeps {value} megabytes of results in its cache.",
             "How many megabytes of results does {name} keep in its cache?",
             "How much RAM does the store of earlier results of {name} take by default?",
             "{name} eats memory for remembered results, how much is normal"),
    )),
)  # fmt: skip
