"""Chats as conversations a model can learn from: sessions, cut and joined to size, and a part kept to measure by."""
