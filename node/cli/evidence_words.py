"""What the steps and verdicts of checking evidence are called, in both languages; by their names of protocol 4."""

from collections.abc import Mapping

from node.cli.words import Text

STEPS: Mapping[str, Text] = {
    "container": Text("the file has its entries in their order", "檔案之項目齊備且依序"),
    "sums": Text("SHA256SUMS matches every entry", "SHA256SUMS 與各項目相符"),
    "bytes": Text("no other byte differs", "其餘位元組皆無差異"),
    "parts": Text("header, metadata and receipt can be read", "標頭、後設資料與收據可讀"),
    "seal": Text("the sender signed the seal", "寄件方已簽署封印"),
    "paper": Text("the seal covers this paper", "封印涵蓋本文件"),
    "document": Text("the sender signed the document, where agreed", "寄件方已簽署文件（如有約定）"),
    "receipt-seal": Text("the recipient signed the receipt's seal", "收件方已簽署收據封印"),
    "receipt": Text("that seal covers the receipt", "該封印涵蓋收據"),
    "answer": Text("the receipt is about this paper", "收據所指即本文件"),
    "times": Text("the claimed times do not contradict each other", "宣稱之時間互不矛盾"),
    "trust": Text("the given authorities vouch for every signer", "各簽署者皆由所提供之憑證機構擔保"),
}

VERDICTS: Mapping[str, Text] = {
    "OK": Text("everything holds", "全部成立"),
    "MISSING": Text("something that proof needs is not there", "缺少舉證所需項目"),
    "MALFORMED": Text("a part is not in its agreed form", "有部分不符約定形式"),
    "WRONG_KEY": Text("a signature is not known to be that party's", "無從得知簽章屬於該方"),
    "UNTRUSTED": Text(
        "everything holds, but no given authority vouches for a signer", "內容成立，但所提供之憑證機構未擔保簽署者"
    ),
    "EXPIRED": Text("a certificate was not valid at the claimed time", "憑證於宣稱之時間不在效期內"),
    "REVOKED": Text("a certificate was revoked", "憑證已廢止"),
    "UNKNOWN_REVOCATION": Text("whether a certificate was revoked is unknown", "憑證廢止狀態不明"),
    "ALGORITHM": Text("an algorithm is not allowed", "演算法未獲許可"),
    "DIGEST": Text("a digest or signature does not match", "摘要或簽章不符"),
    "COVERAGE": Text("what was signed is not this paper", "所簽內容並非本文件"),
    "TIME": Text("the claimed times contradict each other", "宣稱之時間互相矛盾"),
}
