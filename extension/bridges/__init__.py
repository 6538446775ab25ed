"""Bridges: the conversation core without any platform in it, and the adapters of the platforms."""
