"""What nodes themselves find: agreements, issuers' signatures, chains and numbers, before or after a paper is read."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "is no code of the list {name}": "不在代碼表 {name} 中",
    "this is a {name}": "此文件之種類為 {name}",
    "at most {limit}": "上限為 {limit}",
    "the document is not of the kind its header names": "文件種類與信封標頭所載不符",
    "no arrangement admits this kind and version": "無任何協定允許此種類與版本",
    "the arrangement asks for the issuer's signature": "協定要求核發機關之簽章",
    "no arrangement says whose signature this may be": "無任何協定載明此簽章得由何人為之",
    "this paper was answered before, and otherwise": "此文件先前已回覆，且內容不同",
    "the message id names another paper": "此訊息識別碼已用於另一文件",
    "this number is known with other content": "此號碼已有內容不同之文件",
    "the predecessor is of another issuer": "前一文件之核發機關不同",
    "the paper it follows is known and must be named": "所承接之文件已為本節點所知，須予載明",
    "and {n} more departures": "另有 {n} 項不符",
    "the predecessor was withdrawn": "前一文件已撤回",
}
