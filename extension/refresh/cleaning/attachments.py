"""Links to files that were attached, which say nothing and lead nowhere later."""

from __future__ import annotations

import re

_HOSTED = re.compile(
    r"<?https?://(?:cdn\.discordapp\.com|media\.discordapp\.net|images-ext-\d\.discordapp\.net)/\S+|"
    r"<?https?://(?:media\.)?tenor\.com/\S+|<?https?://(?:\w+\.)?giphy\.com/\S+|mxc://\S+"
)
_SPACES = re.compile(r"[ \t]{2,}")


def without_links(text: str, attachments: tuple[str, ...]) -> str:
    """Return a message without the addresses of what was attached to it, and those that only ever lead to files in chats."""
    for each in attachments:
        if "://" in each:
            text = text.replace(each, "")
    found = _HOSTED.sub("", text)
    return _SPACES.sub(" ", found).strip() if found != text or attachments else text
