"""Commands that make documents of what was said."""

from __future__ import annotations

from ...documents.choice import One, Recent
from ...documents.titles import DEFAULT, title_of
from ...options.kinds import Found, Whole, Words
from ..call import Call
from ..command import Argument, Command, File, Outcome


def title(call: Call) -> Outcome:
    """Say the title of documents."""
    return Outcome(call.app.writing.desk(call.person).title or DEFAULT)


def set_title(call: Call) -> Outcome:
    """Set the title of documents."""
    desk = call.app.writing.desk(call.person)
    desk.title = title_of(call["title"])
    return Outcome(f"Documents are called “{desk.title}” from now on.")


def set_folder(call: Call) -> Outcome:
    """Let documents go into a folder in Google Drive."""
    found = call.app.writing.set_folder(call.person, call["link"])
    return Outcome(f"Documents go into the folder “{found.name}” in Google Drive from now on.")


def make(call: Call) -> Outcome:
    """Make a document of recent replies here, and save it."""
    nearest, farthest = _range(call)
    choice = One(call.scene.message) if call.scene.message is not None else Recent(nearest, farthest, call.place.id)
    document = call.app.writing.make(call.person, choice)
    saved = call.app.writing.save(call.person, document)
    if saved.path is None:
        return Outcome(f"Saved to Google Drive: {document.name}", link=saved.link)
    said = f"Saved: {saved.path}" if call.asker.here else f"Here it is: {document.name}"
    return Outcome(said, files=(File(document.name, path=saved.path),))


def _range(call: Call) -> tuple[int, int]:
    """Return which replies are meant, counted from the newest: the last one, the N last, or from the M-th to the N-th."""
    number, other = call["n"], call["m"]
    if number is None:
        return 1, 1
    return (1, number) if other is None else (number, other)


_COUNT = Whole(1, 5000)

GROUP = (
    Command("document-title", "Say the title of documents.", title),
    Command(
        "set-document-title",
        "Set the title of documents.",
        set_title,
        (Argument("title", Words(300), "of documents from now on", rest=True),),
        changes=True,
    ),
    Command(
        "set-gdrive-folder",
        "Let documents go into a folder in Google Drive.",
        set_folder,
        (Argument("link", Found("a share link of a folder", 2000), "of the folder"),),
        changes=True,
    ),
    Command(
        "make-docx",
        "Save the last reply as a Word document, the N last, or those from the M-th to the N-th most recent.",
        make,
        (
            Argument("n", _COUNT, "how many, or the newer end of a range", required=False),
            Argument("m", _COUNT, "the older end of a range", required=False),
        ),
        changes=True,
        on_message=True,
    ),
)
