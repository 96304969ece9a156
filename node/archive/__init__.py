"""Proof that outlives the node: evidence files, made from what is stored and checked with nothing but themselves."""
