"""Commands: each declared once, and understood at every door as text after two dashes, as a slash command and in plain language."""
