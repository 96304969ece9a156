"""What the node remembers: one database, written by one thread in groups, read by many."""
