"""How an error leaves through gRPC: its status code, one of four words, and its stable code in google.rpc.ErrorInfo."""

from typing import Never

from grpc.aio import ServicerContext
from grpc_status import rpc_status

from node.errors import NodeError
from node.wire import status_from_error


async def abort(context: ServicerContext[object, object], error: NodeError) -> Never:
    """End the call with `error`; what the outside may not know stays inside (architecture 5)."""
    await context.abort_with_status(rpc_status.to_status(status_from_error(error)))
