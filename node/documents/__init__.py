"""Papers: the kinds the node understands, how they are recognised, judged and read."""
