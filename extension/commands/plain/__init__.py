"""Plain language: which command a sentence means, if it means one at all."""

from .examples import examples
from .understanding import Meant, understood

__all__ = ["Meant", "examples", "understood"]
