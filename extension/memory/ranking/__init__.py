"""Ranking: a closer look at the exchanges both searches named, by a learned ranker over what surrounds them."""

from .correction import Corrections
from .features import features
from .pool import Pool, Pools
from .question import statement, understood
from .ranker import Ranker

__all__ = ["Corrections", "Pool", "Pools", "Ranker", "features", "statement", "understood"]
