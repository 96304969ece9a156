"""The doors of the node: who may come in, how errors are said outside, which calls are served."""
