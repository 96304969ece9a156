"""Frozen values of the trade, without any input or output: what the node talks about."""
