"""Rules about characters, for every kind."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "must not hold control characters": "不得含有控制字元",
    "must not hold private-use characters": "不得含有使用者造字（私用區字元）",
    "must not hold text direction controls": "不得含有文字方向控制字元",
    "holds U+FFFD: characters were lost in a conversion": "含有 U+FFFD：轉碼時已有字元遺失",
    "must be in Unicode normalisation form NFC": "應採用 Unicode 正規化形式 NFC",
}
