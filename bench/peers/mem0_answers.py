"""Mem0 (mem0ai) without inference, as its package alone installs it, in an environment of its own: see apart.py."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from bench.peers.answering import Find, answer


def start(told: dict[str, Any]) -> tuple[Find, str]:
    """Let it remember every turn as it stands, each conversation as a user's, and return how it is asked."""
    from mem0 import Memory

    qdrant = {"path": f"{told['folder']}/qdrant", "on_disk": True, "embedding_model_dims": 384, "collection_name": "turns"}
    memory = Memory.from_config(
        {
            "vector_store": {"provider": "qdrant", "config": qdrant},
            "embedder": {"provider": "huggingface", "config": {"model": told["model"], "embedding_dims": 384}},
            "llm": {"provider": "openai", "config": {"api_key": "never asked"}},
            "history_db_path": f"{told['folder']}/history.db",
        }
    )
    for name, turns in told["conversations"].items():
        for number, text in enumerate(turns):
            memory.add([{"role": "user", "content": text}], user_id=name, metadata={"turn": number}, infer=False)

    def find(conversation: str, question: str) -> list[int]:
        found = memory.search(question, filters={"user_id": conversation}, top_k=told["depth"])["results"]
        return [each["metadata"]["turn"] for each in found]

    return find, f"mem0ai {version('mem0ai')} without inference, qdrant-client {version('qdrant-client')}, all-MiniLM-L6-v2"


if __name__ == "__main__":
    answer(start)
