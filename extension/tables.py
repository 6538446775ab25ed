"""The tables of the database, as the newest migration leaves them."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
person = sa.Table("person", metadata, sa.Column("id", sa.Text, primary_key=True), sa.Column("name", sa.Text))
place = sa.Table(
    "place", metadata, sa.Column("id", sa.Text, primary_key=True), sa.Column("shared", sa.Boolean), sa.Column("title", sa.Text)
)
realm = sa.Table(
    "realm",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("companion", sa.Text),
    sa.Column("person_id", sa.Text),
    sa.Column("place_id", sa.Text),
)
participant = sa.Table(
    "participant", metadata, sa.Column("place_id", sa.Text, primary_key=True), sa.Column("person_id", sa.Text, primary_key=True)
)
exchange = sa.Table(
    "exchange",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("person_id", sa.Text),
    sa.Column("place_id", sa.Text),
    sa.Column("companion", sa.Text),
    sa.Column("realm_id", sa.Integer),
    sa.Column("row", sa.BigInteger),
    sa.Column("branch", sa.Text),
    sa.Column("said", sa.Text),
    sa.Column("reply", sa.Text),
    sa.Column("reasoning", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("adapter", sa.Text),
    sa.Column("said_at", sa.Float),
    sa.Column("memories", sa.Text),
    sa.Column("excerpts", sa.Text),
    sa.Column("feedback", sa.SmallInteger),
    sa.Column("pinned", sa.Boolean),
    sa.Column("digest", sa.Text),
    sa.Column("original", sa.Text),
    sa.Column("revision", sa.BigInteger),
)
"""`digest` is that of said and reply; `original` what it was before the person edited the memory, '' for an unedited one."""

forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("exchange_id", sa.BigInteger, primary_key=True),
    sa.Column("realm_id", sa.Integer),
    sa.Column("person_id", sa.Text),
    sa.Column("digest", sa.Text),
    sa.Column("revision", sa.BigInteger),
)
retention = sa.Table("retention", metadata, sa.Column("place_id", sa.Text, primary_key=True), sa.Column("days", sa.Integer))
"""How many days a place keeps what was said in it, 0 for ever; one that is not named follows the setting."""

counter = sa.Table("counter", metadata, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.BigInteger))
embedding = sa.Table(
    "embedding",
    metadata,
    sa.Column("exchange_id", sa.BigInteger, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("space", sa.Text),
    sa.Column("digest", sa.Text),
    sa.Column("vector", sa.LargeBinary),
)
fact = sa.Table(
    "fact",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("exchange_id", sa.BigInteger),
    sa.Column("realm_id", sa.Integer),
    sa.Column("about", sa.Text),
    sa.Column("attribute", sa.Text),
    sa.Column("value", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("ends", sa.Boolean),
)
"""`subject` is the digest of what two facts share that are about the same; `ends` is whether earlier ones of it are over."""

extraction = sa.Table("extraction", metadata, sa.Column("exchange_id", sa.BigInteger, primary_key=True), sa.Column("digest", sa.Text))
"""The exchanges that were looked through for facts, with the digest of what was said."""
summary = sa.Table(
    "summary",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("realm_id", sa.Integer),
    sa.Column("person_id", sa.Text),
    sa.Column("place_id", sa.Text),
    sa.Column("branch", sa.Text),
    sa.Column("since", sa.Float),
    sa.Column("until", sa.Float),
    sa.Column("text", sa.Text),
    sa.Column("tokens", sa.Integer),
    sa.Column("stands_for", sa.Integer),
    sa.Column("model", sa.Text),
)
"""`person_id` is '' but for summaries of a person, `place_id` and `branch` are '' for those; `model` is '' for extracts."""

summary_part = sa.Table(
    "summary_part",
    metadata,
    sa.Column("summary_id", sa.BigInteger, primary_key=True),
    sa.Column("exchange_id", sa.BigInteger, primary_key=True),
)

mark = sa.Table(
    "mark",
    metadata,
    sa.Column("exchange_id", sa.BigInteger, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("asked_id", sa.BigInteger),
    sa.Column("words", sa.Text),
    sa.Column("marked_at", sa.Float),
)
"""Which question found what a person pinned or edited: the exchange `asked_id` it was shown for, or the `words` of a search."""

shelf = sa.Table(
    "shelf",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("scope", sa.Text),
    sa.Column("companion", sa.Text),
    sa.Column("person_id", sa.Text),
    sa.Column("place_id", sa.Text),
)
document = sa.Table(
    "document",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("shelf_id", sa.Integer),
    sa.Column("person_id", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("kind", sa.Text),
    sa.Column("digest", sa.Text),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("stored", sa.BigInteger),
    sa.Column("passages", sa.Integer),
    sa.Column("added_at", sa.Float),
    sa.Column("revision", sa.BigInteger),
)
"""`person_id` is who handed it over, `digest` that of its content, `bytes` its size, and `stored` what its passages take here."""

passage = sa.Table(
    "passage",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("document_id", sa.BigInteger),
    sa.Column("number", sa.Integer),
    sa.Column("text", sa.Text),
    sa.Column("titles", sa.Text),
    sa.Column("page", sa.Integer),
    sa.Column("last_page", sa.Integer),
    sa.Column("begins", sa.BigInteger),
    sa.Column("ends", sa.BigInteger),
    sa.Column("digest", sa.Text),
    sa.Column("space", sa.Text),
    sa.Column("vector", sa.LargeBinary),
)
"""`titles` is a JSON list; `begins` and `ends` point into the extracted text; `digest` is that of what was embedded."""

writer = sa.Table(
    "writer",
    metadata,
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("folder_id", sa.Text),
    sa.Column("folder_name", sa.Text),
)
"""The title and the folder in Google Drive that a person set for their documents, '' for none."""

drive_file = sa.Table(
    "drive_file",
    metadata,
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("folder_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("converted", sa.Boolean, primary_key=True),
    sa.Column("file_id", sa.Text),
)
"""The documents in Google Drive, so that the same one becomes a new revision; `converted` is whether it is a Google Doc."""

chosen = sa.Table(
    "chosen",
    metadata,
    sa.Column("layer", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text),
    sa.Column("person_id", sa.Text),
    sa.Column("chosen_at", sa.Float),
)
"""What was chosen for an option: by which layer (global, server, channel, thread, person), for which one ('' for global), in JSON."""

saved_preset = sa.Table(
    "saved_preset",
    metadata,
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("options", sa.Text),
    sa.Column("saved_at", sa.Float),
)
"""Generation settings a person saved under a name, as a JSON object."""

granted = sa.Table(
    "granted",
    metadata,
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("level", sa.SmallInteger),
    sa.Column("granted_by", sa.Text),
    sa.Column("granted_at", sa.Float),
)
"""The levels people were given beside what the settings say."""

cleared = sa.Table(
    "cleared",
    metadata,
    sa.Column("place_id", sa.Text, primary_key=True),
    sa.Column("cleared_at", sa.Float, primary_key=True),
    sa.Column("person_id", sa.Text),
)
"""When a conversation was begun anew in a place, and by whom: what was said before is not shown to the model."""

hidden = sa.Table("hidden", metadata, sa.Column("exchange_id", sa.BigInteger, primary_key=True), sa.Column("hidden_at", sa.Float))
"""The exchanges that people took out of what the model sees of a place; recall leaves them out, too."""

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("done_at", sa.Float),
    sa.Column("person_id", sa.Text),
    sa.Column("place_id", sa.Text),
    sa.Column("door", sa.Text),
    sa.Column("command", sa.Text),
    sa.Column("level", sa.SmallInteger),
    sa.Column("outcome", sa.Text),
)
"""What people did that asks for a level: `outcome` is done, asked, denied, refused or failed, and the reason given."""

heard_message = sa.Table(
    "heard_message",
    metadata,
    sa.Column("place_id", sa.Text, primary_key=True),
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("exchange_id", sa.BigInteger),
    sa.Column("part", sa.Integer),
    sa.Column("noted_at", sa.Float),
)
"""What messages of a chat platform are to us: `question` or `reply` of an exchange, `hidden`, `command`,
or `told` (why it is not answered). None of their words."""

unfinished = sa.Table(
    "unfinished",
    metadata,
    sa.Column("door", sa.Text, primary_key=True),
    sa.Column("place_id", sa.Text, primary_key=True),
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("posted", sa.Text),
    sa.Column("row", sa.BigInteger),
    sa.Column("taken_at", sa.Float),
)
"""Messages of a chat platform that were taken up and not answered yet: the row of the exchange they are, once that was begun, and the
ids (a JSON list) of ours that were sent for each."""

former_answer = sa.Table(
    "former_answer",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("exchange_id", sa.BigInteger),
    sa.Column("reply", sa.Text),
    sa.Column("reasoning", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("adapter", sa.Text),
    sa.Column("feedback", sa.SmallInteger),
    sa.Column("replaced_by", sa.Text),
    sa.Column("replaced_at", sa.Float),
    sa.Column("beaten_for", sa.Text),
)
"""Answers in whose place others came, with who asked for that; `beaten_for` is who preferred what stands there now, '' for nobody yet."""

chat = sa.Table("chat", metadata, sa.Column("id", sa.Text, primary_key=True), sa.Column("title", sa.Text), sa.Column("format", sa.Text))
"""The chats that were imported from other programs, to learn from."""

chat_source = sa.Table(
    "chat_source",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("format", sa.Text),
    sa.Column("digest", sa.Text),
    sa.Column("lines", sa.BigInteger),
    sa.Column("dropped", sa.Text),
    sa.Column("imported_at", sa.Float),
)
"""The files they came from: `digest` is that of the file, `lines` how many messages were new in it, `dropped` what was left out (a JSON
object of reasons and counts)."""

chat_line = sa.Table(
    "chat_line",
    metadata,
    sa.Column("chat_id", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Integer),
    sa.Column("position", sa.BigInteger),
    sa.Column("author", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("said_at", sa.Float),
    sa.Column("bot", sa.Boolean),
    sa.Column("reply_to", sa.Text),
    sa.Column("reactions", sa.Text),
    sa.Column("attachments", sa.Text),
)
"""Their messages: `position` in the file, `said_at` None where that is not known, reactions and attachments as JSON lists."""

chat_person = sa.Table(
    "chat_person",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("same_as", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("first_name", sa.Text),
    sa.Column("bot", sa.Boolean),
    sa.Column("excluded", sa.Boolean),
    sa.Column("consent", sa.Text),
    sa.Column("pseudonym", sa.Text),
    sa.Column("forgotten", sa.Boolean),
)
"""What was said about people whose words may be learned: `same_as` is the id of the one they are, '' for themselves; `bot` is None
where the chats say it; the words of the `forgotten` are not imported again."""
