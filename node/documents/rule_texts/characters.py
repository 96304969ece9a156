"""Rules about characters, for every kind: which character, and where in its text."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "must not hold control characters": "不得含有控制字元",
    "must not hold control characters: {character} at {n}": "不得含有控制字元：第 {n} 字為 {character}",
    "must not hold private-use characters": "不得含有造字（私用區字元）",
    "must not hold private-use characters: {character} at {n}": "不得含有造字（私用區字元）：第 {n} 字為 {character}",
    "must not hold text direction controls": "不得含有文字方向控制字元",
    "must not hold text direction controls: {character} at {n}": "不得含有文字方向控制字元：第 {n} 字為 {character}",
    "holds U+FFFD: characters were lost in a conversion": "含有 U+FFFD：轉碼時已有字元遺失",
    "holds U+FFFD: characters were lost in a conversion, at {n}": "含有 U+FFFD：轉碼時已有字元遺失，位於第 {n} 字",
    "must be in Unicode normalisation form NFC": "應採用 Unicode 正規化形式 NFC",
    "must be in Unicode normalisation form NFC: {character} at {n}": (
        "應採用 Unicode 正規化形式 NFC：第 {n} 字為 {character}"
    ),
}
