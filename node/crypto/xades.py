"""Making one detached XAdES signature over exact bytes, inside its ASiC wrapper (protocol 2, signature)."""

from datetime import datetime

from node.crypto.certificates import der_of
from node.crypto.keys import SigningKey
from node.crypto.own_form import draft
from node.crypto.raw_signatures import sign_octets


def sign_detached(content: bytes, file_name: str, media_type: str, key: SigningKey, moment: datetime) -> bytes:
    """A XAdES signature over `content`, which its Reference calls `file_name`, as XML bytes.

    `moment` becomes SigningTime (whole seconds, UTC). Callers verify the result before it leaves (security 2.1 X14).
    Raises Unexpected for a file name or type that would need escaping, and for a key that does not fit its algorithm.
    """
    made = draft(content, file_name, media_type, key.algorithm, der_of(key.certificate), moment)
    return made.signed(sign_octets(made.signed_info, key.private_key, key.algorithm))
