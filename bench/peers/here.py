"""Peers that stand on packages we have: MiniLM alone in Chroma, and BM25 alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.conversations import Conversation, Labelled
from bench.peers.peer import DEPTH, Peer, texts


def minilm(conversations: Sequence[Conversation], folder: Path) -> Peer:
    """All-MiniLM-L6-v2 over single turns in Chroma: what most memories for local models do."""
    import chromadb

    from extension.embedders import MiniLM, minilm_folder

    model = MiniLM(minilm_folder())
    client = chromadb.PersistentClient(str(folder))
    collections: dict[str, Any] = {}
    for number, conversation in enumerate(conversations):
        collection = collections[conversation.name] = client.create_collection(f"turns-{number}", metadata={"hnsw:space": "cosine"})
        told = texts(conversation)
        for start in range(0, len(told), 500):
            part = told[start : start + 500]
            collection.add(ids=[str(start + each) for each in range(len(part))], embeddings=model.embed(part).tolist())

    def ask(conversation: Conversation, question: Labelled) -> list[int]:
        found = collections[conversation.name].query(query_embeddings=model.embed([question.text]).tolist(), n_results=DEPTH, include=[])
        return [int(each) for each in found["ids"][0]]

    return Peer(ask, f"chromadb {version('chromadb')}, all-MiniLM-L6-v2")


def bm25(conversations: Sequence[Conversation], folder: Path) -> Peer:
    """BM25 over single turns, by bm25s with its own English stop words, without stemming."""
    import bm25s

    indexes = {}
    for conversation in conversations:
        index = bm25s.BM25()
        index.index(bm25s.tokenize(texts(conversation), stopwords="en", show_progress=False), show_progress=False)
        indexes[conversation.name] = index

    def ask(conversation: Conversation, question: Labelled) -> list[int]:
        tokens = bm25s.tokenize(question.text, stopwords="en", show_progress=False)
        found, _ = indexes[conversation.name].retrieve(tokens, k=min(DEPTH, len(conversation.turns)), show_progress=False)
        return [int(each) for each in found[0]]

    return Peer(ask, f"bm25s {version('bm25s')}")
