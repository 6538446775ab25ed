"""An extension in the place of a model that calls tools: `Please call NAME {...}` makes it call one. All else it answers with a word."""

import re

ASKED = re.compile(r"Please call (\w+) (\{.*?\})")


def custom_generate_reply(question, original_question, state, stopping_strings, is_chat=False):
    asked = [] if state.get("_tool_turn") else ASKED.findall(question)
    yield f'<tool_call>{{"name": "{asked[-1][0]}", "arguments": {asked[-1][1]}}}</tool_call>' if asked else "Done."
