"""Rules of enforcement information."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "must be a UN/LOCODE such as XATWN": "應為 UN/LOCODE，例如 XATWN",
    "must be an HS code of 2 to 10 digits": "應為 2 至 10 位之 HS 稅則號別",
    "must be a number in digits, as a text": "應為以文字表示之數值",
    "must be a unit code (Recommendation 20)": "應為單位代碼（第 20 號建議書）",
    "must be an offence of the list": "應為清單所列之違規類型",
    "must be a way of detection of the list": "應為清單所列之查獲方式",
    "must be a mode of transport (Recommendation 19)": "應為運輸方式代碼（第 19 號建議書）",
    "must be false: it is given for one purpose and not handed on": "應為 false：僅供單一目的使用，不得轉供",
    "names nobody; leave it out": "未載任何對象，應予省略",
    "must be after the day of issue": "應晚於發出日",
    "must not be after the day of issue": "不得晚於發出日",
    "the arrangement does not turn this kind on": "協定未啟用此種文件",
    "is no purpose of the arrangement": "非協定所列之使用目的",
    "is no legal basis of the arrangement": "非協定所列之法律依據",
    "the arrangement allows nothing that names anybody": "協定不允許載明任何人、公司或運輸工具",
    "is later than the {number} days that the arrangement allows": "逾協定所定發出後 {number} 日之上限",
    "its day is over; nobody could read it any more": "所載保存期限已過，已無人得以閱讀",
    "it travels alone: in a call and under a seal of its own": "應單獨傳送：單獨一次呼叫、單獨一個封印",
}
