"""Rules about the structure of papers, for every kind."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "lacks {name}": "缺少 {name}",
    "is missing": "未填",
    "is not known here": "此處不得有此項",
    "is not allowed here": "此處不得使用",
    "may stand here only once": "此處僅得出現一次",
    "may stand here at most {n} times": "此處至多出現 {n} 次",
    "must stand before {name}": "應排列於 {name} 之前",
    "must stand after {name}": "應排列於 {name} 之後",
    "must hold text only, no elements": "僅得填寫文字，不得含有元素",
    "must hold elements only, no text": "僅得含有元素，不得填寫文字",
    "has a value that is not allowed": "其值不在允許範圍內",
    "does not follow its schema": "不符合結構定義",
    "is not the root element of this kind": "不是此種文件的根元素",
    "attribute {name} {rule}": "屬性 {name}：{rule}",
    "a signature may stand only once, as a child of the root": "簽章僅得有一個，且須直接位於根元素之下",
    "media type must be {name}": "媒體類型應為 {name}",
}
