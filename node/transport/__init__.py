"""Ways to a partner: one call, one try, and the truth about how it went.

Importing this package sets the floor of TLS for the process, before gRPC is imported.
"""

import os

# gRPC's Python interface has no lowest TLS version. Its list of cipher suites speaks of TLS 1.2 only, those of 1.3 are
# always offered: with one suite that needs a pre-shared key, which nobody has, 1.2 cannot be agreed, as client or as
# server. gRPC reads the variable while it is imported, hence here and not in a function.
os.environ["GRPC_SSL_CIPHER_SUITES"] = "ECDHE-PSK-CHACHA20-POLY1305"
