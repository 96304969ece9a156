"""What the node remembers: one database, written by one at a time in groups, read by many."""
