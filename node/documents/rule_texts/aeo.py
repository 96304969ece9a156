"""Rules of AEO status papers."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "must be 10, 40 or 41 (UNTDID 1373)": "應為 10、40 或 41（UNTDID 1373）",
    "must be 878, 879 or 891 (UNTDID 1001)": "應為 878、879 或 891（UNTDID 1001）",
    "must be a reason of the list": "應為清單所列之事由",
    "must be a reason of the list of removals": "應為移除事由清單所列之事由",
    "must be a role of the list": "應為清單所列之業者類別",
    "must be baseline or delta": "應為 baseline（全份名單）或 delta（異動名單）",
    "must be grant, suspend, reinstate or revoke": (
        "應為 grant（核發）、suspend（停止）、reinstate（恢復）或 revoke（廢止）"
    ),
    "needs exactly one of event and list": "event 與 list 應擇一，且僅得擇一",
    "AEOG is never sent: it has no security and safety": "一般優質企業（AEOG）不含安全認證，不得傳送",
    "AEOG (879) is never sent": "一般優質企業（AEOG，879）不得傳送",
    "a paper cannot follow itself": "文件不得承接其自身",
    "must be another country than the authority's": "應為認證機關所屬以外之國家",
    "an event is about exactly one operator": "單一事件僅得涉及一家業者",
    "only a delta removes operators": "僅異動名單得移除業者",
    "a grant follows nothing": "核發不承接任何文件",
    "a reinstatement needs its previous event": "恢復須載明前一事件",
    "must be the number of records and removed": "應等於 records 與 removed 之筆數合計",
    "a baseline follows nothing": "全份名單不承接任何文件",
    "an operator without consent is never sent": "未同意之業者不得傳送",
    "the consent is for another partner": "其同意係對另一夥伴所為",
    "a suspension or revocation needs a reason": "停止或廢止須載明事由",
    "remedied is no reason to suspend or revoke": "原因已排除（remedied）不得作為停止或廢止之事由",
    "must name each role once": "各業者類別僅得列一次",
    "must not be before certifiedOn": "不得早於認證日期（certifiedOn）",
    "a certificate that has expired is not valid": "已逾期之證書不得為有效狀態",
    "must not be after issued": "不得晚於核發時間（issued）",
    "is not what the event makes of an operator": "與該事件所致之業者狀態不符",
    "a baseline lists nobody who is revoked": "全份名單不得列入已廢止之業者",
    "a baseline tells what is in force when issued": "全份名單僅載核發當時有效之狀態",
    "must be different on every operator": "各業者不得重複",
    "a delta needs the previous list": "異動名單須載明前一份名單",
    "nothing comes before the first list": "第一份名單之前不得有其他名單",
}
