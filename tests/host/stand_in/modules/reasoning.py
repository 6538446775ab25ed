"""Taking a `<think>` block off the front of a reply."""

import html


def extract_reasoning(text: str, html_escaped: bool = False) -> tuple[str | None, str]:
    """Return (reasoning or None, answer). An unclosed block is all reasoning."""
    start, end = ("<think>", "</think>") if not html_escaped else (html.escape("<think>"), html.escape("</think>"))
    if not text or (start not in text and end not in text):
        return None, text
    _, _, after = text.partition(start) if start in text else ("", "", text)
    reasoning, _, answer = after.partition(end)
    return reasoning, answer.lstrip()
