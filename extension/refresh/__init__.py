"""From chats to an adapter: imported chats and the diary, cleaned, cut into conversations, rendered into tokens, and learned."""
