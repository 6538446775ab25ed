"""The Matrix adapter of the conversation core: one account, in encrypted rooms by default, over matrix-nio."""
