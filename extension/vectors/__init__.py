"""Vector indexes, one collection for each realm: Chroma, embedded or a server, or exact search without it.

A server is shared by all processes. Chroma's embedded client is made for one process at a time: the first that wants the
folder takes a lock and holds it for life; any other searches the embeddings in the database exactly (numpy), which needs
no second copy on disk and is never behind. Whichever is used, the embeddings in the database are the source, and all can
be rebuilt.
"""

from .chroma import ChromaVectors, own
from .exact import ExactVectors
from .index import Key, VectorIndex
from .server import Server
from .shared import SharedVectors, marker

__all__ = ["ChromaVectors", "ExactVectors", "Key", "Server", "SharedVectors", "VectorIndex", "marker", "own"]
