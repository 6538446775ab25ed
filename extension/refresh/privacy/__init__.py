"""What must not be learned by heart: numbers and addresses are taken out of what was said, and names exchanged."""
