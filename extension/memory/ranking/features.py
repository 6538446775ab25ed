"""What speaks for an exchange as the answer to a question, in numbers: one row a candidate, one column a feature.

Words (BM25 over the exchange and over windows around it, as a part of the best possible and of the best found), meaning
(cosines to the question and to its statement form), words alike in meaning, the conversation it lies in, who speaks, what
kind of sentence it is, when it was said, and what kind of question is asked. What is not known is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import log
from typing import TYPE_CHECKING

from .pool import Pool
from .profile import MARKS
from .question import WHO, Asked
from .vocabulary import MYSELF, NUMBER, STOP, TIME, YOU

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...ports import Vectors

    Column = NDArray[np.float32]
    Frequencies = Callable[[Sequence[str]], tuple[int, dict[str, int]]]

K1, B = 1.2, 0.75
"""Of BM25, as Robertson and Zaragoza, 2009, and as SQLite's own."""
MEANING = (
    *("cosine", "cosine_best", "cosine_z", "cosine_before", "cosine_after", "cosine_reply", "statement", "statement_z"),
    *("pair", "pair_z", "pair_after", "pair_statement", "talk_cosine", "talk_cosine_z"),
)
ALIKE = ("alike", "alike_pair", "alike_next", "alike_best", "alike_z")
"""The columns that need the embedding model."""


class _Look:
    """Computes the features of one question over one pool."""

    def __init__(self, asked: Asked, asker: str, pool: Pool) -> None:
        import numpy as np

        self.np, self.asked, self.asker, self.pool = np, asked, asker, pool
        self.size = len(pool.rows)
        self.names = _words({who for row in pool.rows for who in (row.name, row.companion)})
        self.found: dict[str, Column] = {}
        self.held: dict[str, int] = {}
        """How many exchanges of the pool hold each stem of the question."""
        lists = [row.profile.words for row in pool.rows]
        self.flat = np.concatenate(lists) if lists else np.zeros(0, dtype=np.int32)
        """The words of all exchanges, one after another, by their numbers."""
        self.owner = np.repeat(np.arange(self.size), [len(each) for each in lists])
        """The exchange of each of them."""

    def shift(self, column: Column, steps: int) -> Column:
        """Return what a column says of the exchange `steps` before (or, when negative, after); zeros where there is none."""
        link = self.pool.before if steps > 0 else self.pool.after
        where = self.np.arange(self.size)
        for _ in range(abs(steps)):
            where = self.np.where(where >= 0, link[where], -1)
        out = column[where]
        out[where < 0] = 0
        return out

    def constant(self, name: str, value: float) -> None:
        self.found[name] = self.np.full(self.size, value, dtype=self.np.float32)

    def words(self, frequencies: Frequencies) -> None:
        np = self.np
        terms = list(dict.fromkeys(stem for stem in self.pool.vocabulary.stemmed(self.asked.nameless(self.names)) if stem))
        total, held = frequencies(terms)
        idf = np.array([_idf(total, held.get(term, 0)) for term in terms], dtype=np.float32)
        counts = self._counts(terms)
        self.held = dict(zip(terms, (counts > 0).sum(0).tolist(), strict=True))
        lengths = self.of_words(self.pool.vocabulary.stems[self.flat] >= 0)
        whole = float(idf.sum()) or 1.0
        around = {step: (self.shift(counts, step), self.shift(lengths, step)) for step in (1, 2, -1, -2)}
        windows = {
            "own": (),
            "pair": (1,),
            "three": (1, 2),
            "near": (1, -1),
            "wide": (1, 2, -1, -2),
        }
        for name, steps in windows.items():
            sums = counts + sum(around[step][0] for step in steps) if steps else counts
            size = lengths + sum(around[step][1] for step in steps) if steps else lengths
            self._scored(name, sums, size, idf, whole)
            self.found[f"covered_{name}"] = ((sums > 0) * idf).sum(1) / whole
        self._scored("previous", *around[1], idf, whole)
        self._scored("next", *around[-1], idf, whole)
        self.found["terms_found"] = (counts > 0).sum(1).astype(np.float32)
        self.found["rarest_found"] = ((counts > 0) * idf).max(1) if terms else np.zeros(self.size, dtype=np.float32)
        self.found["length"], self.found["length_before"], self.found["length_after"] = lengths, around[1][1], around[-1][1]
        self.constant("terms", len(terms))
        self.constant("terms_unknown", float((idf == 0).sum()))

    def _counts(self, terms: Sequence[str]) -> Column:
        """Return how often each exchange holds each of these stems, shape (len(pool.rows), len(terms))."""
        np, vocabulary = self.np, self.pool.vocabulary
        stems = vocabulary.stems[self.flat]
        columns = [self.of_words(stems == number) if number >= 0 else np.zeros(self.size) for number in vocabulary.stem_numbers(terms)]
        counts: Column = np.array(columns, dtype=np.float32).reshape(len(terms), self.size).T
        return counts

    def of_words(self, wanted: NDArray[np.bool_]) -> Column:
        """Return how many words of each exchange are wanted ones; `wanted` says it of every word of the pool."""
        return self.np.bincount(self.owner[wanted], minlength=self.size).astype(self.np.float32)

    def _scored(self, name: str, counts: Column, lengths: Column, idf: Column, whole: float) -> None:
        mean = float(lengths.mean() if lengths.size else 0.0) or 1.0  # what was found may be gone by now
        norm = K1 * (1 - B + B * lengths / mean)
        score = (counts * (K1 + 1) / (counts + norm[:, None]) * idf).sum(1)
        self.found[f"bm25_{name}"] = score / whole
        self.found[f"bm25_{name}_best"] = score / (float(score.max(initial=0.0)) or 1.0)

    def alike(self) -> None:
        """Words alike in meaning: the best likeness of any word of an exchange to each word of the question, by idf."""
        np, vocabulary = self.np, self.pool.vocabulary
        words = list(self.asked.nameless(self.names))
        best = np.zeros((self.size, len(words)), dtype=np.float32)
        meant = (vocabulary.kinds[self.flat] & STOP) == 0
        flat, owner = self.flat[meant], self.owner[meant]
        if words and len(flat):
            filled, starts = np.unique(owner, return_index=True)
            best[filled] = np.maximum.reduceat(vocabulary.likeness(words, flat), starts, axis=1).T
        weights = self._weights(words)
        own: Column = best @ weights
        pair = np.maximum(best, self.shift(best, 1)) @ weights
        self.found["alike"], self.found["alike_pair"], self.found["alike_next"] = own, pair, self.shift(own, -1)
        self.found["alike_best"], self.found["alike_z"] = own / (float(own.max(initial=0.0)) or 1.0), self._standard(own)

    def _weights(self, words: list[str]) -> Column:
        """Return the weight of each word: rare words of the pool count more; they sum to one."""
        np = self.np
        stems = self.pool.vocabulary.stemmed(words)
        weights: Column = np.array([_idf(self.size, max(self.held.get(stem, 0), 0.5)) for stem in stems], dtype=np.float32)
        weights /= np.float32(weights.sum() or 1.0)
        return weights

    def meaning(self, vectors: Vectors, said: Vectors, reply: Vectors) -> None:
        """Cosines to the question and to its statement form (`vectors`, in this order) of an exchange, its neighbours, its window."""
        np = self.np
        found, (question, stated) = self.found, vectors
        answered = np.abs(reply).sum(1) > 0
        cosine, other = said @ question, reply @ question
        found["cosine_reply"] = np.where(answered, other, np.nan).astype(np.float32)
        found["cosine"] = cosine = np.where(answered, np.maximum(cosine, other), cosine)
        found["statement"] = np.where(answered, np.maximum(said @ stated, reply @ stated), said @ stated)
        pair = said + reply + self.shift(said, 1) + self.shift(reply, 1)
        pair /= np.maximum(np.linalg.norm(pair, axis=1, keepdims=True), 1e-6)
        found["pair"], found["pair_statement"] = pair @ question, pair @ stated
        found["cosine_best"] = cosine / max(float(cosine.max(initial=0.0)), 1e-6)
        for name in ("cosine", "statement", "pair"):
            found[f"{name}_z"] = self._standard(found[name])
        found["cosine_before"], found["cosine_after"] = self.shift(cosine, 1), self.shift(cosine, -1)
        found["pair_after"] = self.shift(found["pair"], -1)
        talks = self._of_talk(cosine, 3) / np.float32(3)
        found["talk_cosine"], found["talk_cosine_z"] = talks, self._standard(talks)

    def talk(self) -> None:
        """The evidence of the conversation as a whole: its best exchange, and its three best together."""
        evidence = 0.5 * (self.found["bm25_own_best"] + self.found["bm25_pair_best"])
        three = self._of_talk(evidence, 3)
        self.found["talk_three"] = three / (float(three.max(initial=0.0)) or 1.0)
        self.found["talk_best"] = self._of_talk(evidence, 1)

    def _of_talk(self, column: Column, most: int) -> Column:
        """Return the sum of the `most` best of each conversation, for each exchange of it."""
        np = self.np
        order = np.lexsort((-column, self.pool.talk))
        starts = np.searchsorted(self.pool.talk[order], self.pool.talk[order], side="left")
        rank = np.arange(self.size) - starts
        sums = np.zeros(int(self.pool.talk.max(initial=0)) + 1, dtype=np.float32)
        np.add.at(sums, self.pool.talk[order][rank < most], column[order][rank < most])
        found: Column = sums[self.pool.talk]
        return found

    def people(self) -> None:
        """Who speaks: one the question names, or the asker where it says 'I'; another one; whom the words mention."""
        np, asked = self.np, self.asked
        named = asked.named(self.names)
        called = {name: not named.isdisjoint(_words([name])) for name in {row.name for row in self.pool.rows}}
        speaks = np.array(
            [called[row.name] or (asked.about_myself and row.person == self.asker) for row in self.pool.rows], dtype=np.float32
        )
        anybody = float(bool(named) or asked.about_myself)
        mentioned = self.pool.vocabulary.known(sorted(named))
        self.found["named_speaks"], self.found["other_speaks"] = speaks, anybody * (1 - speaks)
        self.found["named_spoke_before"] = self.shift(speaks, 1)
        self.found["named_mentioned"] = (self.of_words(np.isin(self.flat, mentioned)) > 0).astype(np.float32)
        self.constant("named", float(len(named)))
        self.constant("about_myself", float(asked.about_myself))

    def shape(self) -> None:
        """What kind of sentence it is, and the one before."""
        np = self.np
        table = np.array([row.profile.marks for row in self.pool.rows], dtype=np.float32).reshape(self.size, len(MARKS))
        for number, name in enumerate(MARKS):
            self.found[name] = table[:, number]
        kinds = self.pool.vocabulary.kinds[self.flat]
        self.found["times"] = self.of_words((kinds & TIME) > 0)
        for name, kind in (("numbers", NUMBER), ("myself", MYSELF), ("you", YOU)):
            self.found[name] = (self.of_words((kinds & kind) > 0) > 0).astype(np.float32)
        length = np.bincount(self.owner, minlength=self.size)
        self.found["stop_share"] = self.of_words((kinds & STOP) > 0) / np.maximum(length, 1).astype(np.float32)
        for name in ("question", "ends_asking", "picture"):
            self.found[f"{name}_before"] = self.shift(self.found[name], 1)
        self.found["answers_words"] = self.shift(self.found["bm25_own_best"] * self.found["ends_asking"], 1)
        known = {*self.asked.words, *self.names}
        self.found["new_names"] = np.array([len(row.profile.names - known) for row in self.pool.rows], dtype=np.float32)

    def time(self) -> None:
        """Whether it was said when the question says; nothing is known where it says no time."""
        np, spans = self.np, self.asked.spans
        if not spans:
            self.constant("in_time", float("nan"))
            return
        inside = [any(span.holds(row.when) for span in spans) for row in self.pool.rows]
        self.found["in_time"] = np.array(inside, dtype=np.float32)

    def question(self) -> None:
        """What kind of question it is."""
        asked, text = self.asked, self.asked.text.lower()
        for word in WHO:
            self.constant(f"asks_{word}", float(asked.kind == word))
        self.constant("asks_count", float(any(words in text for words in ("how many", "how much", "how often"))))
        self.constant("asks_span", float("how long" in text))
        self.constant("asks_likely", float(not {"would", "might", "likely"}.isdisjoint(asked.words)))
        self.constant("asks_both", float(not {"both", "common"}.isdisjoint(asked.words)))
        self.constant("asks", float("?" in text))

    def _standard(self, column: Column) -> Column:
        np = self.np
        scaled: Column = (column - column.mean()) / (column.std() + np.float32(1e-6))
        return scaled


def _words(names: Iterable[str]) -> frozenset[str]:
    """Return the words of which names consist, in lower case."""
    return frozenset(word for name in names for word in name.lower().split())


def _idf(total: int, held: float) -> float:
    """Return the inverse document frequency of a word that `held` of `total` exchanges hold, 0 for one that occurs nowhere."""
    return log(1 + max(0.0, total - held + 0.5) / (held + 0.5)) if held else 0.0


def features(asked: Asked, asker: str, pool: Pool, frequencies: Frequencies, vectors: Vectors | None) -> dict[str, Column]:
    """Return the columns by name, each of length len(pool.rows). `asker` is the id of the person who asks."""
    look = _Look(asked, asker, pool)
    look.words(frequencies)
    if vectors is not None and pool.said is not None and pool.reply is not None:
        look.meaning(vectors, pool.said, pool.reply)
        look.alike()
    else:
        for name in (*MEANING, *ALIKE):
            look.constant(name, float("nan"))
    look.talk()
    look.people()
    look.shape()
    look.time()
    look.question()
    return look.found
