"""Chats of other programs: each format is read into conversations, which are joined into the diary."""
