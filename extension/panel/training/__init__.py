"""Training in the panel: chats in, people, what the model sees of them, and the runs."""
