"""The stand-in's OpenAI-compatible API."""
