"""The doors of the node: who may come in, how errors are said outside, which calls are served."""

import node.transport as _floor_of_tls  # noqa: F401  (before any module here imports gRPC)
