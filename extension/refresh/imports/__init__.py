"""Chats of other programs, to learn from: each format has a reader, found by the content of a file, which yields its messages as lines."""
