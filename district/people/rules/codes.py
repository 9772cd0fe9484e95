"""Code tables of the national platform: trades (`workType`), nations (GB/T 3304), provinces (GB/T 2260)."""

from django.utils.translation import get_language

from contract.names import matched

OTHER_TRADE = "1000"
TRADES: dict[str, tuple[str, str]] = {
    "010": ("砌筑工", "Bricklayer"),
    "020": ("钢筋工", "Steel fixer"),
    "030": ("架子工", "Scaffolder"),
    "040": ("混凝土工", "Concrete worker"),
    "050": ("模板工", "Formwork carpenter"),
    "060": ("机械设备安装工", "Machinery installer"),
    "070": ("通风工", "Ventilation worker"),
    "080": ("安装起重工", "Rigger"),
    "090": ("安装钳工", "Fitter"),
    "100": ("电气设备安装调试工", "Electrical installer"),
    "110": ("管道工", "Pipe fitter"),
    "120": ("变电安装工", "Substation installer"),
    "130": ("建筑电工", "Electrician"),
    "140": ("司泵工", "Pump operator"),
    "150": ("挖掘铲运和桩工机械司机", "Excavator driver"),
    "160": ("桩机操作工", "Pile driver"),
    "170": ("起重信号工", "Crane signaller"),
    "180": ("建筑起重机械安装拆卸工", "Crane erector"),
    "190": ("装饰装修工", "Decorator"),
    "200": ("室内成套设施安装工", "Interior fitter"),
    "210": ("建筑门窗幕墙安装工", "Window and curtain wall fitter"),
    "220": ("幕墙制作工", "Curtain wall maker"),
    "230": ("防水工", "Waterproofer"),
    "240": ("木工", "Carpenter"),
    "250": ("石工", "Stone worker"),
    "260": ("泥塑工", "Clay sculptor"),
    "270": ("电焊工", "Welder"),
    "280": ("爆破工", "Blaster"),
    "290": ("除尘工", "Dust remover"),
    "300": ("测量放线工", "Surveyor"),
    "310": ("线路架设工", "Line worker"),
    "320": ("古建筑传统石工", "Traditional stone worker"),
    "330": ("古建筑传统瓦工", "Traditional tiler"),
    "340": ("古建筑传统彩画工", "Traditional painter"),
    "350": ("古建筑传统木工", "Traditional carpenter"),
    "360": ("古建筑传统油工", "Traditional lacquerer"),
    "380": ("金属工", "Metal worker"),
    "390": ("杂工", "General worker"),
    "900": ("管理人员", "Manager"),
    "1000": ("其它", "Other"),
}
"""Code -> name in Chinese and in English. Cities add codes of their own between these."""
_TRADE_WORDS = {
    "瓦工": "010", "泥工": "010", "泥瓦工": "010", "建筑瓦工": "010", "钢筋": "020", "普通架子工": "030",
    "架工": "030", "砼工": "040", "混凝土": "040", "混凝土模板工": "050", "木模工": "050", "起重工": "080",
    "钳工": "090", "电气设备安装工": "100", "管工": "110", "水工": "110", "水暖工": "110", "电工": "130",
    "弱电工": "130", "维修电工": "130", "水电工": "130", "挖掘机司机": "150", "挖机司机": "150", "打桩工": "160",
    "信号工": "170", "司索工": "170", "起重信号司索工": "170", "塔吊司机": "180", "塔吊安装工": "180",
    "抹灰工": "190", "油漆工": "190", "镶贴工": "190", "装修工": "190", "贴砖工": "190", "幕墙工": "210",
    "门窗工": "210", "幕墙安装工": "210", "手工木工": "240", "精细木工": "240", "焊工": "270", "测量工": "300",
    "测量员": "300", "普工": "390", "小工": "390", "力工": "390", "管理员": "900", "管理": "900", "其他": "1000",
    "mason": "010", "rebar worker": "020", "labourer": "390", "laborer": "390",
}  # fmt: skip
"""What clerks write instead of the table's words."""

_NATIONS = """01 汉 Han|02 蒙古 Mongol|03 回 Hui|04 藏 Tibetan|05 维吾尔 Uygur|06 苗 Miao|07 彝 Yi|08 壮 Zhuang
09 布依 Bouyei|10 朝鲜 Korean|11 满 Manchu|12 侗 Dong|13 瑶 Yao|14 白 Bai|15 土家 Tujia|16 哈尼 Hani|17 哈萨克 Kazak
18 傣 Dai|19 黎 Li|20 傈僳 Lisu|21 佤 Va|22 畲 She|23 高山 Gaoshan|24 拉祜 Lahu|25 水 Sui|26 东乡 Dongxiang
27 纳西 Naxi|28 景颇 Jingpo|29 柯尔克孜 Kirgiz|30 土 Tu|31 达斡尔 Daur|32 仫佬 Mulao|33 羌 Qiang|34 布朗 Blang
35 撒拉 Salar|36 毛南 Maonan|37 仡佬 Gelao|38 锡伯 Xibe|39 阿昌 Achang|40 普米 Pumi|41 塔吉克 Tajik|42 怒 Nu
43 乌孜别克 Uzbek|44 俄罗斯 Russian|45 鄂温克 Ewenki|46 德昂 Deang|47 保安 Bonan|48 裕固 Yugur|49 京 Gin
50 塔塔尔 Tatar|51 独龙 Derung|52 鄂伦春 Oroqen|53 赫哲 Hezhen|54 门巴 Monba|55 珞巴 Lhoba|56 基诺 Jino
97 其他 Other|98 外国血统中国籍 Foreign-born"""
NATIONS: dict[str, tuple[str, str]] = {
    code: (zh, en) for code, zh, en in (line.split(" ") for line in _NATIONS.replace("\n", "|").split("|"))
}
"""Code -> name in Chinese (without 族) and in Latin letters."""

_PROVINCES = """11 北京 Beijing|12 天津 Tianjin|13 河北 Hebei|14 山西 Shanxi|15 内蒙古 Inner Mongolia|21 辽宁 Liaoning
22 吉林 Jilin|23 黑龙江 Heilongjiang|31 上海 Shanghai|32 江苏 Jiangsu|33 浙江 Zhejiang|34 安徽 Anhui|35 福建 Fujian
36 江西 Jiangxi|37 山东 Shandong|41 河南 Henan|42 湖北 Hubei|43 湖南 Hunan|44 广东 Guangdong|45 广西 Guangxi
46 海南 Hainan|50 重庆 Chongqing|51 四川 Sichuan|52 贵州 Guizhou|53 云南 Yunnan|54 西藏 Tibet|61 陕西 Shaanxi
62 甘肃 Gansu|63 青海 Qinghai|64 宁夏 Ningxia|65 新疆 Xinjiang|71 台湾 Taiwan|81 香港 Hong Kong|82 澳门 Macau
83 台湾居民 Taiwan resident"""
PROVINCES: dict[str, tuple[str, str]] = {
    code: (zh, en) for code, zh, en in (line.split(" ", 2) for line in _PROVINCES.replace("\n", "|").split("|"))
}
"""First two digits of an id number -> where it was issued."""


def trade_name(code: str) -> str:
    """Return the name of a trade in the reader's language; a city's own code stays as it is."""
    return _in_language(TRADES, code)


def nation_name(code: str) -> str:
    """Return the name of a nation in the reader's language."""
    return _in_language(NATIONS, code)


def province_name(code: str) -> str:
    """Return the name of a province in the reader's language."""
    return _in_language(PROVINCES, code)


def trade_code(text: str) -> str | None:
    """Return the code of a trade that somebody wrote as code or name; None if it is unknown."""
    return _code(TRADES, text) or _TRADE_WORDS.get(matched(text))


def nation_code(text: str) -> str | None:
    """Return the code of a nation that somebody wrote as code or name; None if it is unknown."""
    plain = matched(text)
    return _code(NATIONS, plain) or _code(NATIONS, plain.removesuffix("族"))


def _code(table: dict[str, tuple[str, str]], text: str) -> str | None:
    plain = matched(text)
    if plain in table:
        return plain
    return next((code for code, names in table.items() if plain in map(matched, names)), None)


def _in_language(table: dict[str, tuple[str, str]], code: str) -> str:
    if code not in table:
        return code
    return table[code][0 if (get_language() or "").startswith("zh") else 1]
