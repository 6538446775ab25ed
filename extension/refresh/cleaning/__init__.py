"""What is left out of chats before they are learned from, message by message."""
