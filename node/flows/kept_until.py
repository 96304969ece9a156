"""The day that a paper names for its end, held against today: its own date of issue is only what its writer says."""

from datetime import datetime

from node.documents import reader
from node.model.document import Document, Finding
from node.model.receipt import FindingCode
from node.model.retention_effect import RetainUntil
from node.profiles.profile import AgreedKind

PATH = "/EnforcementInformation/retainUntil"
OVER = "its day is over; nobody could read it any more"


def require_day(document: Document, agreed: AgreedKind, now: datetime) -> None:
    """Raise PaperRefused when the day is past, or later than the arrangement allows for a paper issued tomorrow.

    Tomorrow, because clocks differ and the day of issue is that of the authority's own offset.
    """
    effect, terms = document.reading.effect, agreed.terms.enforcement
    if not isinstance(effect, RetainUntil) or terms is None:
        return
    left = (effect.day - now.date()).days
    if left < 0:
        raise reader.refuse(document.kind, [Finding(FindingCode.AGREED, PATH, OVER)])
    if left > terms.max_retention_days + 1:
        rule = f"is later than the {terms.max_retention_days} days that the arrangement allows"
        raise reader.refuse(document.kind, [Finding(FindingCode.AGREED, PATH, rule)])
