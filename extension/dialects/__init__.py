"""Where a diary lies: what is SQLite's or PostgreSQL's own, from opening it to what its errors mean."""

from .choice import dialect_of
from .dialect import Dialect, Meaning

__all__ = ["Dialect", "Meaning", "dialect_of"]
