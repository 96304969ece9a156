"""Rules of phytosanitary and other sanitary certificates."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "is not a type this kind takes (UNTDID 1001)": "此種文件不採用該文件類型（UNTDID 1001）",
    "is not a final status (UNTDID 4405)": "並非最終狀態（UNTDID 4405）",
    "must be 1 to 60 printable characters without outer blanks": "應為 1 至 60 個可列印字元，前後不得有空白",
    "lacks IssuerSPSParty: a certificate names its issuer": "缺少 IssuerSPSParty：證明書須載明核發機關",
    "its ID or Name must have 1 to {n} characters": "其 ID 或 Name 應為 1 至 {n} 個字元",
    "needs a note ADRPN: which certificate is replaced": "須有附註 ADRPN，載明被取代之證明書",
    "must not exceed Gross{name}Measure": "不得大於 Gross{name}Measure（毛重或總體積）",
    "an HS classification needs its ClassCode": "HS 分類須載明 ClassCode",
    "an HS code has 2 to 6 digits and nothing else": "HS 號別應為 2 至 6 個數字，不得有其他字元",
    "{acronym} may stand only once": "{acronym} 僅得出現一次",
    "{acronym} {rule}": "{acronym}：{rule}",
    "must not end before it starts": "結束不得早於開始",
    "needs a unitCode of two or three characters (Rec 20)": "須載明兩個或三個字元之 unitCode（第 20 號建議書）",
    "must not be negative": "不得為負數",
    "must be 1 or more": "應大於或等於 1",
    "holds a placeholder instead of a text": "以佔位字樣代替內容",
    "must be pdf, png, jpeg, tiff or plain text": "應為 pdf、png、jpeg、tiff 或純文字",
    "needs the number of a statement, or its text": "須載明聲明編號或其文字",
    "a re-export cannot be of its own certificate": "再輸出之原始證明書不得為其本身",
    "a temperature is measured in CEL, FAH or KEL (Rec 20)": "溫度單位應為 CEL、FAH 或 KEL（第 20 號建議書）",
    "must be ni:///sha-256; and a digest (RFC 6920)": "應為 ni:///sha-256; 及雜湊值（RFC 6920）",
    "holds neither content nor, in uri, its digest": "既無內容，uri 亦未載明其雜湊值",
    "is not what the content is": "與內容之實際類型不符",
    "is the digest of another content": "為其他內容之雜湊值",
    "holds an HTML escape instead of the character": "以 HTML 跳脫序列代替字元",
    "the arrangement has another code for this meaning": "協定就此意義約定採用另一代碼",
    "must be Base64": "應為 Base64 編碼",
    "must be a whole number from 1": "應為自 1 起之整數",
    "{acronym} needs a second Description of 1 to {n} characters": (
        "{acronym} 須有第二個 Description，長度 1 至 {n} 個字元"
    ),
    "{acronym} needs a ValueMeasure and no second Description": (
        "{acronym} 須有 ValueMeasure，且不得有第二個 Description"
    ),
    "its first Description must be a treatment acronym (IPPC)": "第一個 Description 應為 IPPC 處理代號",
    "its Subject is not an acronym of this level (IPPC)": "其 Subject 不是此層級之 IPPC 代號",
    "a re-export needs a note {acronym} on every line": "再輸出證明書之每一項貨品均須有附註 {acronym}",
    "must hold a statement number of one or two digits": "應填一或二位數之聲明編號",
    "must hold true or false": "應填 true 或 false",
    "must hold a number of 1 to {n} characters": "應填 1 至 {n} 個字元之號碼",
    "must hold 1 to {n} characters": "應填 1 至 {n} 個字元",
    "must hold a decimal of at most 16 + 4 digits": "應填整數至多 16 位、小數至多 4 位之數",
    "must hold two capital letters (ISO 3166-1)": "應填兩個大寫字母（ISO 3166-1 國家代碼）",
    "must hold a moment with offset, as 2026-11-22T09:30:00Z": "應填含時差之時刻，例如 2026-11-22T09:30:00Z",
}
