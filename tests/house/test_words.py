"""What people read: 繁體中文 as Taiwan writes it, no trace of the machine it was written on, no hidden characters."""

import re
import unicodedata
from collections.abc import Mapping

import pytest

# Words of the mainland that Big5 can spell; right are 軟體 硬體 網路 資料庫 伺服器 介面 字元 列印 程式 資訊 快取 埠.
MAINLAND_WORDS = re.compile(
    "軟件|硬件|網絡|數據庫|服務器|接口|字符|打印|源代碼|信息安全|緩存|端口|默認|博客|文件夾|用戶名"
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home|opt|tmp|Users|mnt|var/folders)/\w")
ADDRESS = re.compile(r"\w+://\S+")
# Namespaces, algorithm names and loopback are names, not places on the network.
RARE_IN_TAIWAN_TOO = set("珉珏煊")
FREE_OF_ADDRESSES = ("constraints.txt", "pyproject.toml", "Makefile", ".ci/run", "node/_build/")


def simplified(text: str) -> set[str]:
    """Characters that GB 2312 has and Big5 has not: the simplified ones, but for a few rare ones of names."""
    han = {each for each in set(text) if "\u4e00" <= each <= "\u9fff"} - RARE_IN_TAIWAN_TOO
    return {each for each in han if _spells(each, "gb2312") and not _spells(each, "cp950")}


def _spells(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("character", "\u53d1\u9a8c\u7b7e")
def test_simplified_characters_are_recognised(character: str) -> None:
    assert simplified(f"文件{character}") == {character}


def test_traditional_text_is_recognised_as_such() -> None:
    assert simplified("請將憑證的 SHA-256 指紋送交本節點的聯絡官，並裝置於臺灣。") == set()


def test_chinese_is_traditional(texts: Mapping[str, str]) -> None:
    assert {name: found for name, text in texts.items() if (found := simplified(text))} == {}


def test_chinese_uses_the_words_of_taiwan(texts: Mapping[str, str]) -> None:
    own = "tests/house/test_words.py"
    assert {
        name: found for name, text in texts.items() if name != own and (found := MAINLAND_WORDS.findall(text))
    } == {}


def test_no_file_names_a_place_on_somebodys_machine(texts: Mapping[str, str]) -> None:
    assert {name: found for name, text in texts.items() if (found := MACHINE_PATHS.findall(text))} == {}


def test_the_tooling_names_no_address(texts: Mapping[str, str]) -> None:
    tooling = {name: text for name, text in texts.items() if name.startswith(FREE_OF_ADDRESSES)}
    assert len(tooling) >= len(FREE_OF_ADDRESSES)
    assert {name: found for name, text in tooling.items() if (found := ADDRESS.findall(text))} == {}


def test_no_file_holds_characters_that_cannot_be_seen(texts: Mapping[str, str]) -> None:
    hidden = {
        name: sorted({f"U+{ord(each):04X}" for each in text if _cannot_be_seen(each)})
        for name, text in texts.items()
        if any(_cannot_be_seen(each) for each in text)
    }
    assert hidden == {}


def _cannot_be_seen(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") and character not in "\n\t"
