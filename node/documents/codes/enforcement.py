"""Words of enforcement information. All are this node's own: no public source fixes a list that two customs share."""

from collections.abc import Mapping

OFFENCES: Mapping[str, tuple[str, str]] = {
    "cash": ("undeclared cash", "未申報現金"),
    "counterfeit": ("infringement of intellectual property", "侵害智慧財產權"),
    "cultural-goods": ("cultural goods", "文化資產"),
    "drugs": ("drugs and precursors", "毒品及先驅原料"),
    "false-origin": ("false declaration of origin", "虛報產地"),
    "hazardous-waste": ("waste and hazardous substances", "廢棄物及有害物質"),
    "other": ("another offence", "其他"),
    "strategic-goods": ("strategic and dual-use goods", "戰略性高科技貨品"),
    "tobacco": ("tobacco", "菸品"),
    "undervaluation": ("false declaration of value", "虛報價值"),
    "weapons": ("weapons and ammunition", "槍砲彈藥"),
    "wildlife": ("protected species", "保育類野生動植物"),
}

DETECTIONS: Mapping[str, tuple[str, str]] = {
    "detector-dog": ("detector dog", "緝毒犬"),
    "documents": ("examination of documents", "文件審查"),
    "information": ("information received", "情資"),
    "physical": ("physical examination", "實體查驗"),
    "profiling": ("risk analysis", "風險分析"),
    "random": ("random check", "隨機抽查"),
    "scan": ("scanner image", "儀器檢查"),
}

MODES: Mapping[str, tuple[str, str]] = {
    "1": ("sea", "海運"),
    "2": ("rail", "鐵路"),
    "3": ("road", "公路"),
    "4": ("air", "空運"),
    "5": ("mail", "郵遞"),
    "6": ("multimodal", "複合運輸"),
    "7": ("fixed installation", "固定設施"),
    "8": ("inland water", "內陸水運"),
    "0": ("not specified", "未載明"),
}
"""UN/ECE Recommendation 19."""
