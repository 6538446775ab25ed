"""Interaction memory: the diary of exchanges, the indexes derived from it, recall and forgetting."""
