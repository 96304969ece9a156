"""Rules about the form of single values, shared by the schemas of several kinds."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "must be two capital letters (ISO 3166-1)": "應為兩個大寫字母（ISO 3166-1 國家代碼）",
    "must be three capital letters (ISO 4217)": "應為三個大寫字母（ISO 4217 幣別代碼）",
    "must be a language tag such as zh-Hant-TW": "應為語言標籤，例如 zh-Hant-TW",
    "must be a code of one to three capitals or digits (UNTDID)": "應為一至三個大寫字母或數字的代碼（UNTDID）",
    "must be a code of one to three digits (UNTDID)": "應為一至三個數字的代碼（UNTDID）",
    "must be one digit (UN/ECE Recommendation 19)": "應為一個數字（UN/ECE 第 19 號建議書運輸方式）",
    "must be {n} to {m} capitals or digits (UNTDID 1001)": "應為 {n} 至 {m} 個大寫字母或數字（UNTDID 1001）",
    "must be one digit (packaging level)": "應為一個數字（包裝層級）",
    "must be two capitals or digits (UN/ECE Recommendation 21)": (
        "應為兩個大寫字母或數字（UN/ECE 第 21 號建議書包裝種類）"
    ),
    "must be two capitals or digits (Rec 21)": "應為兩個大寫字母或數字（第 21 號建議書包裝種類）",
    "must be two or three capitals or digits (Rec 20)": "應為兩個或三個大寫字母或數字（第 20 號建議書計量單位）",
    "must be five capitals or digits (UN/LOCODE)": "應為五個大寫字母或數字（UN/LOCODE 地點代碼）",
    "must be 6 to 10 digits and nothing else (HS)": "應為 6 至 10 個數字，不得有其他字元（HS 稅則號別）",
    "must be the year of an HS edition": "應為 HS 版本之年份",
    "must be true or false": "應為 true 或 false",
    "must be a decimal number": "應為十進位數",
    "must not be empty": "不得空白",
    "must be a date such as 2026-11-22, without offset": "應為日期，例如 2026-11-22，不得含時差",
    "must be a date and time such as 2026-11-22T09:30:00Z": "應為日期與時間，例如 2026-11-22T09:30:00Z",
    "must be a moment with offset, as 2026-11-22T09:30:00Z": "應為含時差之時刻，例如 2026-11-22T09:30:00Z",
    "must be a decimal from 0 of at most {n} digits, {m} decimals": "應為不小於 0 之數，至多 {n} 位數、{m} 位小數",
    "must be a decimal of at most {n} digits, {m} decimals": "應為至多 {n} 位數、{m} 位小數之數",
    "must be a percentage from 0 to 100": "應為 0 至 100 之百分比",
    "must be a whole number from {n} to {m}": "應為 {n} 至 {m} 之整數",
    "must be a list of {n} to {m}": "應為 {n} 至 {m} 項之名單",
    "must be a list of at most {n}": "應為至多 {n} 項之名單",
    "must be an object": "應為 JSON 物件",
    "must be 64 hexadecimal digits in lower case": "應為 64 個小寫十六進位數字",
    "must be a media type of the list": "應為清單所列之媒體類型",
    "must be issued, withdrawn or cancelled": "應為 issued（核發）、withdrawn（撤回）或 cancelled（註銷）",
    "must have {n} to {m} characters": "應為 {n} 至 {m} 個字元",
    "must have {n} to {m} characters and no blanks": "應為 {n} 至 {m} 個字元，不得有空白",
    "must have {n} to {m} characters and no outer or double blanks": (
        "應為 {n} 至 {m} 個字元，前後不得有空白，中間不得有連續空白"
    ),
    "must have {n} to {m} Latin characters, no double blanks": "應為 {n} 至 {m} 個拉丁字元，不得有連續空白",
    "must have {n} to {m} capitals, digits or hyphens": "應為 {n} 至 {m} 個大寫字母、數字或連字號",
    "a number has at most {n} characters": "數字至多 {n} 個字元",
    "must be urn:{name}": "應為 urn:{name}",
}
