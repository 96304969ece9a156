"""The walk: what happens to a paper, out and in, in the order it happens."""
