"""Simulated partners, their keys and homes: real nodes of this code for demonstrations and tests."""
