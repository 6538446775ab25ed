"""What a sentence looks like beside its meaning: how it opens, whom it speaks of, what it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .slots import MESSAGES, SLOTS, Reading, Texts

_VERBS = (
    "set|change|make|turn|put|use|switch|swap|load|save|export|create|call|name|rename|title|show|list|tell|print|display|give|reset|"
    "restart|start|begin|clear|"
    "wipe|look|read|take|consider|limit|raise|lower|increase|reduce|upload|store|convert|write|generate|keep|let|let's|run|select|"
    "try|answer|forget|erase"
)
_ENDED = "clear|wipe|reset|restart|erase|empty|delete|start|begin|forget|scrap|drop|open|make|have|do|want|like"
_TALK = "chat|conversation|context|session|history|everything|messages|dialogue|discussion|talk"
_KIND = "new|fresh|clean|current|whole|entire|brand|previous"
_PATTERNS: Mapping[str, str] = {
    "command verb first": rf"^(?:please |just |now |then |ok |kindly |also )*(?:{_VERBS})\b",
    "asks you": r"^(?:please )?(?:can|could|would|will|may|might) (?:you|we|i|u)\b",
    "wants": r"^(?:i|we)(?:'d| would| want| need| wish|'m| am)\b|^let'?s?\b",
    "should be": r"\b(?:should|shall|must) (?:be|have|use)\b",
    "from now": r"\bfrom (?:now|here) on\b|\binstead\b|\bwhen (?:you )?(?:answer|reply)",
    "please": r"\bplease\b|\bthanks\b",
    "how to": r"\bhow (?:do|does|can|could|would|should|to|did) (?:i|one|we|people|somebody|someone|a)?\b(?! you)",
    "how many": r"\bhow (?:many|much|far|long|big|large|high)\b",
    "what": r"^(?:so |and |hey )?(?:what|which)\b",
    "why": r"^(?:why|when|where|who|whose)\b|\bhow come\b",
    "does it": r"^(?:is|are|does|did|do|has|have|had|was|were)\b",
    "should i": r"^(?:should|shall) (?:i|we)\b|\bor not\b|\bbetter\b",
    "if": r"\bif\b|\bsuppose\b|\bimagine\b|\bhypothetical|\bwhat happens\b|\bwould happen\b",
    "not": r"\b(?:not|never|no need|stop|without|n't)\b|n't\b",
    "undo": r"\bundo\b|\bcancel\b|\bnever ?mind\b|\btake back\b",
    "told": r"\b(?:said|says|say|told|tells|wrote|asked|ordered|called|named|thinks?|believes?|reads?)\b",
    "writes": r"\b(?:write|compose|poem|story|song|essay|haiku|dialogue|translate|explain|summari[sz]e|describe|rewrite|joke|recipe|"
    r"rephrase|paraphrase|correct)\b",
    "means": r"\bmeans?\b|\bdifference\b|\bwhat (?:is|are) an?\b|\bwhat does\b|\bdefin|\bopinion\b|\bthink (?:of|about)\b",
    "past": r"\b(?:i|we|he|she|they|you|it|that|this|who|somebody|someone) (?:just |already |also |had |have |has )?(?:was|were|had|"
    r"did|made|went|took|put|set|[a-z]{3,}ed)\b|'ve\b",
    "time past": r"\b(?:yesterday|last (?:night|week|year|month|time|summer|day)|ago|once|used to|earlier|tomorrow|today|tonight)\b",
    "others": r"\b(?:he|she|they|his|her|their|him|them|who|mother|father|mom|dad|boss|friends?|wife|husband|sister|brother|daughter|"
    r"son|people|everyone|somebody|someone|cat|dog|kids)\b",
    "i am": r"\b(?:i'm|i am|i was|i feel|i think|i like|i love|i hate|i have|i can't|i'll)\b",
    "my own": r"\bmy (?!document|documents|input|buffer|chat|messages?|last|google|drive|gdrive|file|files|folder|title|context|"
    r"model|own|conversation|temperature|prompt|session)\w+",
    "our own": r"\bmy (?:document|documents|input|buffer|chat|messages?|last|google|drive|gdrive|file|folder|title|context|"
    r"conversation|session)\b|\bour\b",
    "you": r"\b(?:you|your|yourself|you're)\b",
    "the": r"\bthe\b",
    "that": r"\b(?:that|this|it|these|those)\b",
    "an": r"\ban? (?!docx|document|word|file|new|fresh|list|temperature|buffer|command|half|couple|clean|doc)\w+",
    "document": r"\b(?:document|docx|documents|file|files)\b",
    "word": r"\bdocx\b|\bword (?:document|file|version)\b|\b(?:to|in|into|as|for) word\b|\bgdrive\b|\bgoogle drive\b|\bmy drive\b",
    "drive": r"\b(?:gdrive|drive|folder|upload)\b",
    "save": r"\b(?:save|store|export|upload|convert|archive|put|make|create|generate|turn|write)\b",
    "chat": r"\b(?:chat|conversation|session|chat history|talk)\b",
    "everything": r"\b(?:everything|all)\b",
    "over": r"\b(?:start|starting|begin) (?:over|again|anew|afresh|fresh|from scratch|from the beginning|from 0)\b",
    "over end": r"\b(?:start(?:ing)? (?:over|again|anew|afresh|fresh)|from scratch|fresh start|clean slate|begin (?:again|anew|"
    r"afresh)|reset)\W*$",
    "reset": r"\b(?:reset|restart)\b",
    "clear": r"\b(?:clear|wipe|erase|empty|delete|scrap|forget|throw|drop)\b",
    "ends a talk": rf"\b(?:{_ENDED})(?: with)? (?:(?:the|this|our|my|your|an?|that|all|{_KIND}) )*(?:{_TALK})\b",
    "ends another thing": rf"\b(?:clear|wipe|reset|restart|erase|empty|delete|start|begin|forget) (?:the|my|your|an?|that|his|her|"
    rf"about|with) (?!{_KIND}|{_TALK}|chat|buffer)\w+",
    "another new thing": r"\bnew (?!chat|conversation|session|start|one|max|document|title|model|input|buffer|drive|folder|gdrive|"
    r"topic|name|context|temperature)\w+",
    "another act": r"^(?:please |can you |could you )*(?:respond|reply|answer|quote|count|show me the last|list the last|repeat|"
    r"improve|compare|think|come up|suggest|ignore|open|"
    r"fix|check|proofread|find|help me|think|fill|edit|shorten|expand)\b",
    "able": r"\bare you able\b|\bis it possible\b|\bcan you even\b",
    "model": r"\b(?:models?|llms?)\b",
    "models": r"\b(?:models|llms)\b",
    "model kind": r"\b(?:language|other|available|installed|supported|loaded|different) (?:models?|llms?)\b|\bmodels? (?:list|"
    r"available|installed|supported|are there|do you|can you|can i|can we|could)\b",
    "of something": r"\b(?:models?|commands?|settings?|parameters?|temperature|title|name|config|options|list|prompt|functions|"
    r"configuration) (?:of|for|in|about|on) (?!generation|the document|my document|our document|this|sampling|your|you|the model|"
    r"this session|it\b)\w+",
    "their own": r"\b(?:car|cars|phone|camera|laptop|iphone|fashion|train|oven|water|body|weather|router|book|movie|film|song|game|"
    r"thesis|poem|dinner|heating|fridge|linux|bash|git|emacs|vim|python|milk|website|computer|server)\b",
    "temperature": r"\btemperatures?\b",
    "tokens": r"\btokens?\b|max_new_tokens",
    "config": r"\b(?:config|configuration|settings|parameters|sampling|configured)\b",
    "commands": r"\bcommands?\b",
    "help": r"^help\b|\bhelp (?:menu|page|text|command)\b|\bshow help\b",
    "can do": r"\b(?:you can|can you|can i|could i|able to|may i|what you|you) (?:actually |all |even )?(?:do|ask|tell|say|make you|"
    r"use|understand)\b",
    "prompt": r"\bprompt\b",
    "a prompt": r"\b(?:an?|writing|this|midjourney|pirate|good|better) (?:system )?prompt\b|\bprompt (?:for|about|engineering|injection)\b",
    "system prompt": r"\b(?:system|your|the|current|session's|which) prompt\b|\bsystem (?:message|instructions)\b",
    "title": r"\b(?:title|titled)\b",
    "document title": r"\bdocument(?:'s)? (?:title|name)\b|\b(?:title|name) (?:of|for|on) (?:the|my|our|this) (?:document|docx|file|"
    r"word)\b|\b(?:document|docx|file)\b.*\b(?:called|named|titled)\b|\bcall\w* (?:the|this|my|our) document\b",
    "buffer": r"\bbuffer\b",
    "input": r"\b(?:input|context)\b",
    "messages": rf"\b{MESSAGES}\b",
    "messages only": r"\bmessages?\b",
    "last": r"\b(?:last|latest|recent|previous)\b",
    "look": r"\b(?:look|looking|read|reading|see|consider|take|taken|use|using|remember|keep|include|considering)\b",
    "as input": r"\b(?:as|for|in|into|of) (?:the |your |my )?(?:input|context|history|account|mind)\b",
    "quote": r"quoteword",
    "link first": r"^linkword",
    "question": r"\?\s*$",
    "exclaims": r"!",
    "comma": r",",
    "fraction": r"\b\d+\.\d+\b",
    "number": r"\b\d+\b",
    "ends in number": r"\d\W*$",
    "set to": r"\b(?:to|at|=|:|of|as) ?\d",
    "mode": r"\b(?:current|currently|right now|at the moment|set|still|active|at present)\b",
}
CUES: Mapping[str, re.Pattern[str]] = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}
"""Patterns over the plain text of a reading, by their names."""
LENGTHS = (3, 6, 10, 15, 22)
"""A sentence of more words than each of these has one cue more."""


def names() -> list[str]:
    """Return the names of all cues, in the order of `cues`."""
    return [*CUES, *(f"over {length} words" for length in LENGTHS), *(f"fits {name}" for name in SLOTS)]


def cues(given: Reading, fitting: Mapping[str, Texts]) -> list[float]:
    """Return 1 for each cue that a sentence shows, else 0. `fitting` are the commands it may mean as far as its words go."""
    words = len(given.plain.split())
    shown = [pattern.search(given.plain) is not None for pattern in CUES.values()]
    return [float(each) for each in (*shown, *(words > length for length in LENGTHS), *(name in fitting for name in SLOTS))]
