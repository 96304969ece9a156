"""Files on which XML engines choke or differ: an honest signature over them must not be judged in two ways."""

_PROPERTIES = '<x:SignedProperties xmlns:x="http://uri.etsi.org/01903/v1.3.2#"'
_TEXT, _DTD = '<a xmlns="urn:a">é產</a>', "<!DOCTYPE a>"
_ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7")


def _declared(encoding: str, rest: str, version: str = "1.0") -> str:
    return f'<?xml version="{version}" encoding="{encoding}"?>{rest}'


_PLAIN = (
    "", "\0", "<", "<a", "<a/>", " <a/>", "\n<a/>", "\r\n\t <a/>", "\ufeff<a/>", "<a>&e;</a>", "<a></b>", "<a/><b/>",
    "{", "[", " {", '{"a": "<!DOCTYPE a>"}', "{<!DOCTYPE a>", "[<a/>]", "<_/>", "<:a/>", "<a:b/>", "<a\0/>", "<é/>",
    "<a/><!--x-->", "<!--x--><a/>", "<?x y?><a/>", "<a><!DOCTYPE b></a>", "<a>&#0;</a>", '<a b="1" b="2"/>',
    "<?xml version='1.0'?><a/>", '<?xml version="1.1"?><a/>', '<?xml version="1.0" standalone="yes"?><a/>',
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n\n<a/>',
    '<?xml version="1.0"?>\n<?xml version="1.0"?><a/>', "<a/><a/>",
    "<a" + " b" * 300 + "/>", "<a>" * 300 + "</a>" * 300, "<a>" * 200 + "</a>" * 200,
    '<a xmlns="b"/>', '<a xmlns:b=""/>',
    "<SignedProperties/>", f"{_PROPERTIES}/>", f"{_PROPERTIES}><x:SignedSignatureProperties/></x:SignedProperties>",
    f"<a>{_PROPERTIES}/></a>", _PROPERTIES.replace("//", "&#47;&#47;") + "/>",
)  # fmt: skip
_WITH_DTD = (
    f"{_DTD}<a/>", f" {_DTD}<a/>", f"\ufeff{_DTD}<a/>", f"<!--x-->{_DTD}<a/>", f"<?x y?>{_DTD}<a/>",
    f"{_DTD}{_PROPERTIES}/>",
    "<!DOCTYPE a SYSTEM 'urn:x'><a/>", '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', f"{_DTD}{{", f"{_DTD}",
    f"<?xml version='1.0'?>{_DTD}<a/>", _declared("UTF-8", f"\n{_DTD}<a/>"), _declared("utf-8", f"<!--x-->{_DTD}<a/>"),
    '<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>', _declared("UTF-8", f"{_DTD}<a/>", "1.1"),
)  # fmt: skip
_IN_OTHER_ENCODINGS = (
    *((bom + text).encode(name) for bom in ("", "\ufeff") for text in (_TEXT, _DTD + _TEXT) for name in _ENCODINGS),
    *(
        _declared(name, text).encode(codec)
        for text in ("<a/>", f"{_DTD}<a/>")
        for name in (
            "UTF-7",
            "UTF-16",
            "cp500",
            "EBCDIC-CP-US",
            "ISO-8859-1",
            "US-ASCII",
            "Shift_JIS",
            "Big5",
            "x-none",
        )
        for codec in ("ascii", "utf-7", "utf-16", "utf-16-le", "cp500", "cp037")
    ),
    *(f"{text}<a/>".encode("cp500") for text in ("", _DTD)),
    b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>',
    b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-',
    b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4APA-a/+AD4-',
    b'<?xml version="1.0" encoding="UTF-8"?><a>\xff</a>',
    b"<a>\xff</a>",
    b"<a>\xed\xa0\x80</a>",
    b"<a \xff",
)

ODD_FILES = (*(text.encode() for text in (*_PLAIN, *_WITH_DTD)), *_IN_OTHER_ENCODINGS)
"""Every one of them."""
