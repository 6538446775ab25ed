"""The commands, in groups of what they are about."""
