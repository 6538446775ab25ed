"""Familiar: a memory and a life for a local language model, inside text-generation-webui and on its own."""

__version__ = "0.1.0"
