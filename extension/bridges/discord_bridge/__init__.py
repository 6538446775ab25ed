"""Discord: an adapter of the conversation core over discord.py."""
