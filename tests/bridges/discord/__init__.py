"""Discord: the adapter over a double of Discord on real sockets, and over SimCord."""
