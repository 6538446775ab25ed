"""Speaking as the people of a chat, with an adapter that was trained on their words."""
