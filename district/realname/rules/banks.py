"""The platform's table of banks, as far as public clients show it."""

BANKS = {
    "102": ("中国工商银行", "工商银行", "工行", "icbc"),
    "103": ("中国农业银行", "农业银行", "农行", "abc"),
    "104": ("中国银行", "中行", "boc"),
    "105": ("中国建设银行", "建设银行", "建行", "ccb"),
    "201": ("国家开发银行",),
    "202": ("中国进出口银行",),
    "203": ("中国农业发展银行", "农业发展银行"),
    "301": ("交通银行", "交行", "bocom"),
    "302": ("中信银行", "citic"),
    "303": ("中国光大银行", "光大银行"),
    "304": ("华夏银行",),
    "305": ("中国民生银行", "民生银行"),
    "306": ("广东发展银行", "广发银行"),
    "307": ("深圳发展银行", "平安银行"),
    "308": ("招商银行", "招行", "cmb"),
    "309": ("兴业银行",),
    "310": ("上海浦东发展银行", "浦东发展银行", "浦发银行"),
    "313": ("城市商业银行",),
    "314": ("农村商业银行", "农商银行", "农商行"),
    "315": ("恒丰银行",),
    "316": ("浙商银行",),
    "317": ("农村合作银行",),
    "318": ("渤海银行",),
    "319": ("徽商银行",),
    "320": ("村镇银行",),
    "401": ("城市信用社",),
    "402": ("农村信用社", "农村信用合作", "农信社", "农信联社"),
    "403": ("中国邮政储蓄银行", "邮政储蓄", "邮储银行", "邮储", "psbc"),
    "501": ("汇丰银行", "hsbc"),
    "502": ("东亚银行",),
    "503": ("南洋商业银行",),
    "504": ("恒生银行",),
}
"""Code -> names by which people write the bank."""
_NAMES = sorted(((name, code) for code, names in BANKS.items() for name in names), key=lambda one: -len(one[0]))


def bank_code(text: str) -> str:
    """Return the code of a bank with or without its branch; "" for one that the table lacks. It never guesses."""
    plain = "".join(text.split()).casefold()
    return next((code for name, code in _NAMES if (plain == name if name.isascii() else name in plain)), "")
