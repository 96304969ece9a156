"""Rules of certificates of origin."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "must be 861, 864, 865 or 954 (UNTDID 1001)": "應為 861、864、865 或 954（UNTDID 1001）",
    "only a preference certificate (864) has this form": "僅優惠原產地證明書（864）可轉為此格式",
    "only an issued certificate has this form": "僅已核發之證明書可轉為此格式",
    "must be EXW, FOB or CIF": "應為 EXW、FOB 或 CIF",
    "must be correction, loss, damage, change or other": (
        "應為 correction（更正）、loss（遺失）、damage（毀損）、change（變更）或 other（其他）"
    ),
    "must not be before IssueDate": "不得早於核發日期（IssueDate）",
    "must not be before what it replaces": "不得早於被取代之證明書",
    "must not be before what it rests on": "不得早於所依據之證明書",
    "must not be before ExporterDeclaration": "不得早於出口人聲明（ExporterDeclaration）",
    "issued retroactively means not before departure": "既為事後核發，核發日期即不得早於啟運日期",
    "a non-preferential certificate (861) has no agreement": "非優惠原產地證明書（861）不得載明協定",
    "a preferential certificate needs its Agreement": "優惠原產地證明書須載明協定（Agreement）",
    "a withdrawal or cancellation needs a StatusReason": "撤回或註銷須載明事由（StatusReason）",
    "only a withdrawal or cancellation has a reason": "僅撤回或註銷得載明事由",
    "a certificate cannot replace itself": "證明書不得取代其自身",
    "the reason other needs a Note": "事由為 other（其他）者，須附說明（Note）",
    "a criterion of value content needs ValueContent": "以區域價值判定原產地者，須載明價值比率（ValueContent）",
    "a non-preferential certificate has no value content": "非優惠原產地證明書不得載明價值比率",
    "must be the number of items": "應等於貨品項數",
    "must be the sum of the items": "應等於各項貨品之總和",
    "needs a key of its own": "鍵值不得與其他生產者相同",
    "only a confidential producer has no Name": "僅資料保密之生產者得不載明名稱（Name）",
    "must be different on every item": "各項貨品不得重複",
    "names no Invoice of this certificate": "所指發票不在本證明書中",
    "names no Producer of this certificate": "所指生產者不在本證明書中",
    "must not exceed GrossWeight": "不得大於毛重（GrossWeight）",
}
