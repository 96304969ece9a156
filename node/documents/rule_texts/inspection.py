"""Rules of inspection results."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "must be a result type of the list (UNTDID 1001)": "應為清單所列之查驗結果類型（UNTDID 1001）",
    "must be below or above": "應為 below（低於）或 above（高於）",
    "must be completion, correction, reinspection, appeal or other": (
        "應為 completion（完成查驗）、correction（更正）、reinspection（複驗）、appeal（申復）或 other（其他）"
    ),
    "must be consignment or lines": "應為 consignment（整批）或 lines（逐項）",
    "must be critical, major or minor": "應為 critical（嚴重）、major（主要）或 minor（次要）",
    "must be export, import, transit or market": (
        "應為 export（出口）、import（進口）、transit（轉口）或 market（市場）"
    ),
    "must be intact, broken, missing or replaced": (
        "應為 intact（完整）、broken（破損）、missing（遺失）或 replaced（更換）"
    ),
    "must be pass, conditional, fail, pending or not-inspected": (
        "應為 pass（合格）、conditional（附條件）、fail（不合格）、pending（待驗）或 not-inspected（未查驗）"
    ),
    "must be pass, fail or informative": "應為 pass（合格）、fail（不合格）或 informative（僅供參考）",
    "must be release, treatment, return, destroy or hold": (
        "應為 release（放行）、treatment（處理）、return（退運）、destroy（銷毀）或 hold（扣留）"
    ),
    "must be different on every attachment": "各附件不得重複",
    "must be different on every container": "各貨櫃不得重複",
    "must be different on every seal": "各封條不得重複",
    "must be a way of control of the list": "應為清單所列之查驗方式",
    "must be different on every control": "各查驗方式不得重複",
    "must be different on every sample": "各樣品不得重複",
    "must be different on every image": "各影像不得重複",
    "must not be before its images": "不得早於其影像",
    "needs the Accreditation that it gave": "須載明所給予之認可（Accreditation）",
    "must be a Container of this result": "應為本結果所列之貨櫃（Container）",
    "must be different on every line": "各項貨品不得重複",
    "must not be before From": "不得早於開始時間（From）",
    "must not be before the inspection": "不得早於查驗時間",
    "must not be before what it supersedes": "不得早於被取代之結果",
    "must not be before IssuedAt": "不得早於核發時間（IssuedAt）",
    "a result cannot supersede itself": "結果不得取代其自身",
    "a result that is open is not valid for a time": "尚未確定之結果不得載明有效期限",
    "needs a Ucr, a Declaration or a Container": "須載明 UCR、報單或貨櫃",
    "a certificate of analysis needs its Laboratory": "分析證明書須載明實驗室（Laboratory）",
    "a certificate of analysis needs a Measurement": "分析證明書須載明量測結果（Measurement）",
    "must have the unit of Value": "單位應與 Value 相同",
    "must not exceed Maximum": "不得大於上限（Maximum）",
    "a value beyond its limit does not pass": "逾越限值者不得判定合格",
    "a value within its limits does not fail": "未逾越限值者不得判定不合格",
    "the scope lines needs a Line": "範圍為逐項（lines）者，須有貨品項目（Line）",
    "a line that did not pass is no pass of the whole": "有任一項不合格者，整批不得判定合格",
    "a failure needs a failed line, a defect or Remarks": "不合格須有不合格項目、缺點或備註（Remarks）",
    "a line that was decided was inspected": "已有判定之項目即屬已查驗",
    "a conditional result needs its Condition": "附條件之結果須載明條件（Condition）",
    "only a conditional result has conditions": "僅附條件之結果得載明條件",
    "goods that failed or wait are not released": "不合格或待驗之貨物不得放行",
    "only a failure or condition sends goods away": "僅不合格或附條件者得退運或銷毀",
    "nothing is found on what was not inspected": "未查驗之項目不得載有查驗發現",
    "a failed measurement or critical defect is no pass": "量測不合格或有嚴重缺點者不得判定合格",
    "a limit needs a Value": "載明限值者須有量測值（Value）",
    "a decided result needs its Disposition": "已確定之結果須載明處置（Disposition）",
}
