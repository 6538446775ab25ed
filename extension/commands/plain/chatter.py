"""Sentences that give no command however near they come: questions how, refusals, suppositions, reports, other languages."""

from __future__ import annotations

import re

_FOREIGN = (
    "der die das den dem und ist nicht bitte welche welches wie viele mir mein meine einen ein eine auf aus mit wir ich sie "
    "le la les des une est quel quelle quels quelles combien dans avec pour vous nous moi tes votre de du sur au aux et "
    "el los las una por para que cuál cuáles qué cuántos cuantos mi tu del con como cuales cual cambia hay "
    "il lo gli uno di da che quali quale quanti mio tuo sono è del della "
    "het een van op naar zijn wat wij jij jouw mijn deze niet hoeveel zet maak "
    "o os as um uma do dos das quais qual quantas quantos meu seu não no na "
    "och är inte vad vilka hur många og ikke hvad hvilke jest nie jakie ile proszę"
)
_ENGLISH = "as do no me a i die on in was an den mi con moi van lo el la de o wat war uno un"
_OTHER_LANGUAGES = frozenset(_FOREIGN.split()) - frozenset(_ENGLISH.split())
"""Common words of other languages that are none in English."""
_WORD = re.compile(r"[^\W\d_]+(?:'\w+)?")
_ABOUT = re.compile(
    r"""
    \bhow\ (?:do|can|could|would|should|to|did)\ (?:i|we|one|people|someone|somebody)\b(?!\ (?:use|control|operate|command|talk\ to|
        work\ with)\ (?:you|this\ bot))
    | \bhow\ do\ you\ (?:even\ )?(?:export|make|save|set|reset|change|switch|spell|pronounce|say)\b
    | (?<!know\ )\bhow\ to\b
    | \b(?:undo|unsave|un-?reset)\b
    | \bwhat(?:'s|\ is|\ are)\ an?\b | \bwhat\ does\b.*\b(?:mean|do)\b | \bwhat\ happen | \bwould\ happen\b
    | \bwhat\ (?:should|would|could|shall)\ (?:i|we|you)\ (?:call|name|title|use|set|give|choose)\b
    | ^(?:please\ |no,?\ |but\ |and\ |ok,?\ )*(?:don't|do\ not|never|you\ (?:needn't|don't|must\ not|shouldn't)|stop|why|suppose|
        imagine|if\ (?:i|you|we)\b(?!\ (?:can|could|may)))
    | \b(?:i|we)\ (?:don't|do\ not|didn't|never)\ (?:want|need|mean|like|ask)
    | ^(?:he|she|they|(?:my|his|her|their|the|our)\ (?!document|docx|file|title|chat|temperature|input|buffer|drive|google|gdrive|
        folder|upload|max|current|token)[\w']+)\ (?:\w+\ )?
      (?:said|says|told|tells|called|named|wants|wanted|asked|wrote|used|uses|set|made|saved|put|has|had|was|were|is\ called|
        commands?|switched|changed|reset)\b
    | ^i\ (?:just\ |already\ |once\ |recently\ )?(?:called|named|saved|made|reset|switched|changed|set|used|uploaded|told|said|turned|
        renamed|put|loaded|bought|exported|read|cleared|swapped)\b
    """,
    re.VERBOSE,
)


def about(plain: str) -> bool:
    """Tell whether a sentence (in lower case) only speaks about something, by how it is built."""
    return _ABOUT.search(plain) is not None


def foreign(plain: str) -> bool:
    """Tell whether a sentence (in lower case) is in another language, by its commonest words."""
    words = _WORD.findall(plain)
    found = sum(word in _OTHER_LANGUAGES for word in words)
    return found * 5 >= max(len(words), 1) or (found > 0 and not plain.isascii())
