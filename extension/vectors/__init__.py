"""Vector indexes, one collection for each realm: Chroma for the process that owns the folder, exact search for the others.

Chroma's embedded client is made for one process at a time. So the first process that wants the folder takes a lock
and holds it for life; any other searches the embeddings in the database exactly (numpy), which needs no second copy
on disk and is never behind. Whichever is used, the embeddings in the database are the source, and both can be rebuilt.
"""

from .chroma import ChromaVectors, own
from .exact import ExactVectors
from .index import Key, VectorIndex

__all__ = ["ChromaVectors", "ExactVectors", "Key", "VectorIndex", "own"]
