"""Long replies such as models write: prose, lists, quotations and tables between blocks of code in many languages."""

from __future__ import annotations

from random import Random

from bench.facts import Names
from bench.prose import Prose

_CODE = {
    "python": (
        "def {a}({b}: int) -> str:",
        '    """Say what {a} is: {{"{b}": [1, 2]}}."""',
        "    if {b} > {n}:",
        "        return '{a}  {b}'",
        "    return {a}.{b}",
    ),
    "javascript": (
        "export async function {a}({b}) {{",
        "  const {b} = await fetch(`/{a}/${{{b}}}`);",
        "  if ({b} >= {n}) {{",
        "    return {b};",
        "}}",
    ),
    "typescript": ("interface {a} {{", "  readonly {b}?: Map<string, number>;", "}}", "const {b}: {a}[] = [];"),
    "css": (
        ".{a} > .{b}::before {{",
        "  content: '{a}';",
        "  margin: 0 {n}px;",
        "}}",
        "@media (min-width: {n}px) {{",
        "  .{b} {{ color: red; }}",
    ),
    "html": ("<section class='{a}'>", "  <a href='https://example.org/{a}?{b}={n}'>{b}</a>", "    <p>", "</section>"),
    "json": ('{{"{a}": [', '    {{"{b}": {n}, "on": true}},', "  ]", "}}"),
    "yaml": ("{a}:", "  - {b}: {n}", "    # {a} of {b}", "    {b}: |", "      {a} {b}"),
    "sql": ("SELECT {a}, count(*)", "  FROM {b} AS b", " WHERE b.{a} > {n}", " GROUP BY 1;"),
    "bash": ('for {a} in "${{{b}[@]}}"; do', "\techo {a} | sed 's/{b}/{n}/'", "done"),
    "rust": ("impl<'a> {a}<'a> {{", "    fn {b}(&mut self) -> Option<u{n}> {{", "        self.{b}.take()?", "    }}"),
    "go": ("func {a}({b} int) error {{", "\tif {b} == {n} {{", "\t\treturn nil", "\t}}", "}}"),
    "c++": ("template <typename {a}>", "auto {b}(std::vector<{a}>& v) {{", "    v.resize({n});", "}}"),
    "markdown": ("# {a}", "* {b} **{a}**", "  1. {n}", "> {b}"),
    "": ("{a}  {b}   {n}", "  |-- {a}", "  |   `-- {b}"),
}
_FENCES = ("```", "```", "```", "````", "~~~")
_OTHERS = (
    "これは長い返事の一部です。塔は灰色の石で建てられました。",
    "这座塔建于一八九〇年，用灰色的花岗岩砌成。",
    "Der Turm wurde übergrößt gebaut – „sehr hoch“, sagte man. ",
    "Башня была построена из серого камня. ",
    "여기에는 탑이 있습니다. ",
    "बड़ी मीनार पत्थर की थी। ",
)
_INLINE = (
    "[the page of {a}](https://example.org/wiki/{a}_({b})?q={n}#part)",
    "<https://example.org/{a}/{b}/{n}>",
    "https://example.org/{a}/{b}?page={n}",
    "`{a} {b} {n}`",
    "**{a} {b} {a}**",
    "*{a} and {b}*",
    "||{a} {b}||",
    "👩‍👩‍👧‍👦🇩🇪🇫🇷👍🏽",
    "<:{a}:1234567890{n}>",
    "<@2345678901{n}>",
    "<t:17000{n}:R>",
    "cafe\u0301 {a}",
)


class Replies:
    """Replies, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._prose = Prose(self._random, Names(self._random))

    def one(self) -> str:
        """Return a reply of 1,500 to 16,500 characters."""
        length, blocks = self._random.randint(1_500, 16_500), [self._paragraph()]
        kinds = (self._paragraph, self._code, self._code, self._list, self._quotation, self._table, self._heading, self._other)
        while sum(map(len, blocks)) < length:
            blocks.append(self._random.choice(kinds)())
        return "\n\n".join(blocks)

    def _filled(self, frame: str) -> str:
        a, b = (self._random.choice(("tower", "harbour", "Kettle", "lamp", "stairCase", "old_mill", "x")) for _ in range(2))
        return frame.format(a=a, b=b, n=self._random.randint(100, 999))

    def _paragraph(self) -> str:
        sentences = [self._prose.sentence("tower", "Grey Tower") for _ in range(self._random.randint(1, 9))]
        for _ in range(self._random.randint(0, 4)):
            sentences.insert(self._random.randint(0, len(sentences)), self._filled(self._random.choice(_INLINE)))
        return " ".join(sentences)

    def _code(self, indentation: str = "") -> str:
        language = self._random.choice(list(_CODE))
        lines = [self._filled(self._random.choice(_CODE[language])) for _ in range(self._random.randint(1, 90))]
        fence = self._random.choice(_FENCES)
        spaced = [line if self._random.random() < 0.9 else f"{line}\n" for line in lines]
        whole = "\n".join([f"{fence}{language}", *spaced, fence])
        return "\n".join(f"{indentation}{line}" if line else "" for line in whole.split("\n"))

    def _list(self) -> str:
        lines = []
        for number in range(self._random.randint(2, 12)):
            indentation = "  " * self._random.randint(0, 2)
            lines.append(f"{indentation}{self._random.choice(('-', '*', f'{number}.'))} {self._prose.sentence('tower', 'Grey Tower')}")
            if self._random.random() < 0.1:
                lines.append(self._code(f"{indentation}  "))
        return "\n".join(lines)

    def _quotation(self) -> str:
        return "\n".join(f"> {self._prose.sentence('tower', 'Grey Tower')}" for _ in range(self._random.randint(1, 8)))

    def _table(self) -> str:
        rows = [self._filled("| {a} | {b} | {n} |") for _ in range(self._random.randint(2, 20))]
        return "\n".join(["| one | two | three |", "|---|---|---|", *rows])

    def _heading(self) -> str:
        return self._filled(f"{'#' * self._random.randint(1, 3)} About the {{a}} of {{b}}")

    def _other(self) -> str:
        return self._random.choice(_OTHERS) * self._random.randint(3, 40)
