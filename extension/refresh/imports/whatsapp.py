"""WhatsApp's text exports, of iPhones (`[3/4/21, 9:05:11 PM] Ann: hi`) and Android (`04.03.21, 21:05 - Ann: hi`), in any language.

A message goes on until the next line that begins with a date. Lines without a name are the program's own.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...context.readers.charset import SAMPLE, charset
from ..chats import Chat
from ..lines import Line
from .export import Dropped, Export, Item
from .stamps import DATE, TIME, Order, moment, order_of, stamp

NAME = "whatsapp"
_LONGEST = 100_000
"""Characters of one line of a file that are read; a message of WhatsApp has at most 65,536."""
_SPACE = "[ \u00a0\u202f]"
_BEGINS = re.compile(
    rf"[\u200e\u200f\ufeff]*(?:\[(?P<ios>{DATE}(?:,|\s)+{TIME})\]|(?P<android>{DATE}(?:,|\s)+{TIME}){_SPACE}[-–]){_SPACE}(?P<rest>.*)"
)
_SPOKEN = re.compile(r"(?P<name>[^:\u200e]{1,100}|[^:]{1,100}):(?:[ \u200e]|$)(?P<text>.*)", re.DOTALL)
_MARK = "\u200e"
"""What iPhones put before the program's own words."""
_PLACEHOLDER = re.compile(r"<[^<>\n]{3,60}>")
"""`<Media omitted>`, in whatever language."""
_OMITTED = re.compile(
    r"(?:image|video|audio|gif|sticker|document|contact card|bild|audio|dokument|kontaktkarte|imagen|vídeo|imagem|figurinha|sticker|"
    r"immagine|documento|afbeelding|photo|vidéo|document|autocollant|.{1,60}\.\w{2,5}.{0,40}) "
    r"(?:omitted|weggelassen|omitid[oa]|omess[oa]|ocultad[oa]|ocult[oa]|absente?|weggelaten|non inclus[oa]?)",
    re.IGNORECASE,
)
_ATTACHED = re.compile(r"<[^:<>\n]{2,30}: ?(?P<ios>[^<>\n]{1,200})>|(?P<android>[\w.() -]{1,150}\.\w{2,5}) \([^()\n]{3,40}\)")
_EDITED = re.compile(
    r"\s*\u200e?<[^<>\n]{3,60}(?:edited|bearbeitet|editado|editada|modifié|modificato|bewerkt)[^<>\n]{0,40}>\s*$", re.IGNORECASE
)
_QUOTED = re.compile('["“”„«»]')
"""No name has these, but the program's own words about a subject or a group may, with a colon in it."""
_NOTHING = frozenset(
    text.casefold()
    for text in (
        "null", "This message was deleted", "You deleted this message", "Diese Nachricht wurde gelöscht", "Mensagem apagada",
        "Du hast diese Nachricht gelöscht", "Se eliminó este mensaje", "Eliminaste este mensaje", "Ce message a été supprimé",
        "Vous avez supprimé ce message", "Questo messaggio è stato eliminato", "Hai eliminato questo messaggio",
        "Dit bericht is verwijderd", "Je hebt dit bericht verwijderd", "Você apagou esta mensagem", "Ta wiadomość została usunięta",
        "Данное сообщение удалено",
    )
)  # fmt: skip
"""What stands in the place of a deleted message on Android, where no mark tells it from words."""
_EXPORTED = re.compile(r"^(?:_chat|chat)$|^whatsapp[- ]chat (?:-|with|mit|con|avec|com|met|med|z) ?", re.IGNORECASE)


def is_chat(head: str) -> bool:
    """Whether a text that begins so is an export of WhatsApp: its first line begins like a message, and so does every tenth."""
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    begun = sum(bool(_BEGINS.match(line)) for line in lines)
    return begun >= 1 and bool(_BEGINS.match(lines[0])) and begun * 10 >= len(lines)


def read(export: Export) -> Iterator[Item]:
    """Yield the chat and its messages. Raises OSError."""
    title = _EXPORTED.sub("", export.stem).strip() or _EXPORTED.sub("", export.path.parent.name).strip() or export.path.parent.name
    chat = Chat(f"{NAME}:{title}", title, NAME)
    yield chat
    order = _order(export.path)
    for when, rest in _messages(export.path):
        yield _message(when, rest, order, chat, export)


def _message(when: str, rest: str, order: Order, chat: Chat, export: Export) -> Line | Dropped:
    at = moment(when, order, export.zone)
    found = _SPOKEN.fullmatch(rest)
    if found is None:
        return Dropped("system message")
    if at is None:
        return Dropped("malformed")
    name = found["name"].strip(" ~\u200e\u200f\u202a\u202c\u00a0")
    words, attached, dropped = _words(rest[found.start("text") - 1 :].lstrip(" "), found["text"])
    if dropped or not name or _QUOTED.search(name):
        return Dropped(dropped or "system message")
    author = f"{NAME}:{name}"
    number = export.number(chat.id, at, author, words + "".join(attached))
    return Line(number, chat.id, author, name, words, at, attachments=attached)


def _words(raw: str, text: str) -> tuple[str, tuple[str, ...], str]:
    """Return the words of a message, what was attached to it, and for one that has neither why it is left out."""
    own, text = raw.startswith(_MARK), _EDITED.sub("", text).strip(f"{_MARK} \n")
    attached = _ATTACHED.match(text)
    if attached is not None and (own or attached["android"]):
        return text[attached.end() :].strip(), ((attached["ios"] or attached["android"]).strip(),), ""
    if _PLACEHOLDER.fullmatch(text) or (own and _OMITTED.match(text)):
        return "", (), "media"
    if text.rstrip(".").casefold() in _NOTHING:
        return "", (), "deleted"
    return text, (), ("system message" if own else "" if text else "empty")


def _order(path: Path) -> Order:
    with _opened(path) as file:
        begun = (_BEGINS.match(line) for line in _lines(file))
        found = (stamp(each["ios"] or each["android"]) for each in begun if each)
        return order_of(each for each in found if each is not None)


def _messages(path: Path) -> Iterator[tuple[str, str]]:
    """Yield when and what of every message, its lines joined."""
    when, parts, size = "", [""], 0
    with _opened(path) as file:
        for line in _lines(file):
            if begun := _BEGINS.match(line):
                if when:
                    yield when, "\n".join(parts)
                when, parts, size = begun["ios"] or begun["android"], [begun["rest"]], 0
            elif when and size < _LONGEST:
                parts.append(line)
                size += len(line) + 1
    if when:
        yield when, "\n".join(parts)


def _lines(file: io.TextIOWrapper) -> Iterator[str]:
    while line := file.readline(_LONGEST):
        yield line.rstrip("\r\n")


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
        file.seek(0)
        name = charset(sample, whole=len(sample) < SAMPLE)
        with io.TextIOWrapper(file, encoding=name, errors="replace", newline="\n") as opened:
            yield opened
