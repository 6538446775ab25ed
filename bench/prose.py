"""Readable prose about nothing in particular, in which facts can stand: frames of sentences, filled with words by Zipf's law."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from bench.facts import Names, listed

_NOUNS = listed(
    "account album almanac anchor anvil apron arch archive attic autumn bakery balance bargain barn barrel basin basket beam bell "
    "bench birch blanket board boat bottle boundary box branch brick broom bucket building bundle button cabinet calendar candle "
    "canvas card carpet cart case cellar ceremony chain chair chalk chapel chart chest chimney choir circle claim clay clerk cloak "
    "clock cloth coat coin column committee compass concert contract copper copy cord corner council counter courtyard cousin crate "
    "creek crop crowd cupboard current curtain custom customer damage dance daughter debt deck deposit desk diagram diary dinner "
    "discovery dispute district ditch dock door drawer drawing dust edge editor election engine envelope error estate evening "
    "evidence example exhibition expense experiment factory farmer fence ferry figure flag flood floor flour forest fountain frame "
    "friend frost funeral furnace furniture garden garment gate glass glove grain gravel guest guild habit hall hammer handle harbour "
    "hat hill hinge history holiday horse hour household hut index ink inn inspector instrument insurance invitation iron island jar "
    "journal journey judge kettle key kitchen knot label ladder lamp landlord lane lantern law leather ledger lesson letter library "
    "licence lid limit list loan lock log machine mail manuscript map margin market mason match meadow measure mechanic medal meeting "
    "merchant message metal method mill minute mirror mistake model money monument morning mortar museum nail neighbour net notebook "
    "notice number oak office oil opinion order oven owner package page paint pamphlet paper parade parish parlour partner passage "
    "path pattern payment pencil permit photograph piano pier pipe plan plank plate platform plot pocket pond porch port portrait "
    "post powder practice price priest printer prison proof property proposal pump purchase quarrel quarry quarter question railing "
    "record reform refuge region registry relic rent repair report reserve result ribbon road roof room rope route rule rumour sack "
    "sail salt sample saw scale school screen seal season secret servant shadow sheet shelter shop shore signal silver singer sketch "
    "slope smoke soil soldier song spade speech spring stable stair stamp statue steam stone storm story stove stranger street string "
    "strip student summer supper surface survey table tailor tale tax teacher temple tenant tent theatre ticket tide timber tool "
    "tower trade tradition train treaty trench tunnel valley value vault vessel village visitor vote voyage wagon wall warehouse "
    "water weather weight well wharf wheel widow window winter wire witness workshop yard"
)
_ADJECTIVES = listed(
    "abandoned accurate ancient annual awkward bare bitter blue brief bright broad broken calm careful cheap clean clever cold common "
    "complete costly crooked crowded curious damp dark deep delicate different difficult distant double dry dull early empty enormous "
    "exact expensive faint familiar famous fine firm flat forgotten former fragile fresh frozen full generous gentle grand grey half- "
    "finished handsome heavy hidden high hollow honest humble idle ill-lit important inner iron large late lean light local lonely "
    "long loose loud low lucky mild modest muddy narrow neat new noisy northern old open ordinary outer pale patient plain polite "
    "poor private proper proud public quiet rare ready red regular remote rich rough round rusty sacred sandy second separate shallow "
    "sharp short silent simple single slow small smooth soft solid southern spare special square steady steep stiff straight strange "
    "strict strong sudden tall temporary thick thin tidy tired uneven unusual upper useful usual vacant warm weak western wet white "
    "wide wild wooden worn yellow young"
)
_VERBS = listed(
    "abandoned accepted admired altered announced arranged avoided blamed borrowed bought broke built buried carried changed checked "
    "chose cleaned closed collected compared copied corrected counted covered damaged decorated defended delayed delivered described "
    "destroyed discovered discussed divided doubted emptied enlarged examined exchanged explained filled finished followed forgot "
    "found gathered guarded hid hired ignored improved inherited inspected invented kept leased lent lifted lost lowered measured "
    "mended missed moved named needed neglected noticed offered opened ordered owned packed painted photographed planned polished "
    "praised preferred preserved printed protected published raised recorded removed rented repaired replaced reported restored "
    "sealed searched shared sketched sold sorted stored studied supplied surveyed tested touched traded used valued visited washed "
    "weighed"
)
_FRAMES = (
    "In {season} the {noun} behind the {noun} was {adjective}, and nobody {verb} it.",
    "{person} {verb} the {adjective} {noun} twice, once before the {noun} and once after.",
    "Most people in {place} {verb} their {noun} long before they {verb} the {noun}.",
    "The {adjective} {noun} near {place} has been described so often that its {noun} is better known than its {noun}.",
    "What {person} {verb} was not the {noun} itself but the {adjective} {noun} beside it.",
    "There are {number} entries about the {noun}, and each of them mentions the {adjective} {noun}.",
    "Without a {noun} the {noun} would have been {adjective}; with it, the {noun} was merely {adjective}.",
    "For {number} years the {noun} and the {noun} were {verb} together, which made the {noun} cheap.",
    "A letter to {person} complains that the {noun} was too {adjective} and the {noun} too {adjective}.",
    "At first the {noun} was {verb}, then the {noun}, and in the end even the {adjective} {noun}.",
    "It is often said that {person} {verb} the {noun}, but the {noun} of that {season} says nothing about it.",
    "The {noun} stood where the {noun} of {place} stands today, {number} steps from the {adjective} {noun}.",
    "Nobody knows why the {noun} was {verb}, although the {noun} was {adjective} enough.",
    "After the {noun} had been {verb}, the {adjective} {noun} seemed almost {adjective}.",
    "Of the {number} people asked, most {verb} the {noun} and a few the {noun}.",
    "Some {verb} a {noun}, others a {noun}, and the {adjective} ones both.",
    "{person} and {person} disagreed about the {noun}, though both had {verb} it.",
    "The {season} was {adjective}, so the {noun} could be {verb} a week early.",
    "If the {noun} is {adjective}, the {noun} has to be {verb} first.",
    "Later the {adjective} {noun} was {verb} by a {noun} from {place}.",
    "There was a {noun} for every {noun}, and the {noun} was {verb} by hand.",
    "That the {noun} is {adjective} does not mean that the {noun} was ever {verb}.",
)
_ABOUT = (
    "Whoever comes to {name} today sees the {noun} first and the {adjective} {noun} only later.",
    "In the papers about {name} the {noun} is mentioned {number} times.",
    "{person} once {verb} the {noun} of {name} and never spoke of it.",
    "About {name} more has been written than about any other {one} of the region, most of it {adjective}.",
    "The {noun} of {name} was {verb} in {season}, when the {noun} was {adjective}.",
    "Nothing at {name} was as {adjective} as its {noun}.",
    "People who worked for {name} remembered the {adjective} {noun} and the {noun}.",
    "Like every {one}, {name} had its {noun}, and like few others a {adjective} {noun}.",
)
_SEASONS = ("early spring", "spring", "summer", "late summer", "autumn", "winter", "the wet season", "the year of the flood")


class Prose:
    """The prose of one document: its own people and places, and its own words that are frequent."""

    def __init__(self, random: Random, names: Names) -> None:
        self._random = random
        self._words = {"noun": _Drawn(_NOUNS, random), "adjective": _Drawn(_ADJECTIVES, random), "verb": _Drawn(_VERBS, random)}
        self._words |= {"person": _Drawn([names.person() for _ in range(12)], random)}
        self._words |= {"place": _Drawn([names.place() for _ in range(8)], random), "season": _Drawn(_SEASONS, random)}

    def sentence(self, one: str, name: str) -> str:
        """Return a sentence, now and then one that names a thing of a kind without saying anything of it."""
        frame = self._random.choice(_ABOUT if self._random.random() < 0.2 else _FRAMES)
        text = "".join(self._filled(part, one, name) for part in _parts(frame))
        return text[0].upper() + text[1:]

    def paragraph(self, one: str, name: str) -> str:
        """Return some sentences."""
        return " ".join(self.sentence(one, name) for _ in range(self._random.randint(4, 9)))

    def _filled(self, part: str, one: str, name: str) -> str:
        if part in self._words:
            return self._words[part].one()
        return {"name": name, "one": one, "number": str(self._random.randint(3, 999))}.get(part, part)


class _Drawn:
    """Words in an order of their own, the first drawn most: rank r as 1/r."""

    def __init__(self, words: Sequence[str], random: Random) -> None:
        self._random = random
        self._words = random.sample(words, len(words))
        self._weights = list(accumulate(1 / (rank + 4) for rank in range(len(words))))

    def one(self) -> str:
        return self._random.choices(self._words, cum_weights=self._weights)[0]


def _parts(frame: str) -> list[str]:
    """Return the words between the braces of a frame and those outside, in their order."""
    return frame.replace("{", "\0").replace("}", "\0").split("\0")
