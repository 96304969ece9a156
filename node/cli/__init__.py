"""The command line: one file per noun; data to standard output, talk to standard error, errors as sentences.

Commands import the parts of the node they need when they run, so that `n2n explain` answers at once.
"""
