"""The N2N exchange node: official papers across a border, signed, sealed, receipted and kept provable."""

__version__ = "0.1.0"
