"""DescribeRequest and DescribeResponse: protobuf and model, both directions side by side (protocol 1)."""

from collections.abc import Sequence

from node.clock import to_ms
from node.model.describe import CallLimits, Description, ServedKind
from node.model.ids import NodeCode, is_node_code
from node.protocol.n2n.v1 import exchange_pb2 as pb
from node.wire import limits
from node.wire.checks import KIND, bounded_fields, is_plain, moment, parse, proved, require, serialise, within, writing

_MAX_FIELDS = limits.MAX_DESCRIBED_KINDS + 4 * limits.MAX_DESCRIBED_WORDS


def describe_request_to_bytes() -> bytes:
    """Describe has no parameters."""
    return serialise(pb.DescribeRequest())


def describe_request_from_bytes(data: bytes) -> None:
    """Raise Malformed or TooLarge unless `data` is a DescribeRequest."""
    within(data, limits.MAX_REQUEST_BYTES, "DescribeRequest")
    bounded_fields(data, limits.MAX_CALL_FIELDS, "DescribeRequest")
    parse(pb.DescribeRequest, data)


def description_to_bytes(description: Description) -> bytes:
    """The description as it is sent; raises Malformed or TooLarge when a rule is broken."""
    with writing("DescribeResponse"):
        message = pb.DescribeResponse(
            node=description.node,
            versions=description.versions,
            kinds=[_kind_to_message(each) for each in description.kinds],
            suites=description.suites,
            limits=pb.Limits(
                request_bytes=description.limits.request_bytes,
                envelopes=description.limits.envelopes,
                document_bytes=description.limits.document_bytes,
            ),
            server_time=to_ms(description.server_time),
            calls=description.calls,
        )
    return proved("DescribeResponse", message, limits.MAX_RESPONSE_BYTES, _description_from_message, description)


def description_from_bytes(data: bytes) -> Description:
    """The description that `data` carries; raises Malformed or TooLarge."""
    within(data, limits.MAX_RESPONSE_BYTES, "DescribeResponse")
    bounded_fields(data, _MAX_FIELDS, "DescribeResponse")
    return _description_from_message(parse(pb.DescribeResponse, data))


def _description_from_message(message: pb.DescribeResponse) -> Description:
    require(is_node_code(message.node), "DescribeResponse.node")
    require(len(message.kinds) <= limits.MAX_DESCRIBED_KINDS, "DescribeResponse.kinds")
    require(message.HasField("limits"), "DescribeResponse.limits")
    return Description(
        node=NodeCode(message.node),
        versions=_words(message.versions, "DescribeResponse.versions"),
        kinds=tuple(_kind_from_message(each) for each in message.kinds),
        suites=_words(message.suites, "DescribeResponse.suites"),
        limits=CallLimits(message.limits.request_bytes, message.limits.envelopes, message.limits.document_bytes),
        server_time=moment(message.server_time, "DescribeResponse.server_time"),
        calls=_words(message.calls, "DescribeResponse.calls"),
    )


def _kind_to_message(served: ServedKind) -> pb.ServedKind:
    return pb.ServedKind(kind=served.kind, kind_version=served.kind_version, accepts=served.accepts, sends=served.sends)


def _kind_from_message(message: pb.ServedKind) -> ServedKind:
    require(KIND.fullmatch(message.kind) is not None, "ServedKind.kind")
    require(1 <= message.kind_version <= limits.MAX_KIND_VERSION, "ServedKind.kind_version")
    return ServedKind(message.kind, message.kind_version, message.accepts, message.sends)


def _words(words: Sequence[str], place: str) -> tuple[str, ...]:
    require(len(words) <= limits.MAX_DESCRIBED_WORDS, place)
    require(all(is_plain(word, limits.MAX_NAME_CHARACTERS) for word in words), place)
    return tuple(words)
