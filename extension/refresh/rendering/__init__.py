"""Conversations as tokens: one renderer for training and for speaking afterwards, so that both see the same."""
