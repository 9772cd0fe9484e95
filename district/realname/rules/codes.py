"""The platform's code tables, as far as this district fills them."""

ID_KINDS = frozenset({"01", "08", "10", "12"})
DIRECTIONS = {"in": "01", "out": "02"}
ENTRY, EXIT = 1, 0
"""`type` of `WorkerEntryExit.Add`."""
WORK_TYPES = frozenset({f"{n:03d}" for n in range(10, 400, 10)} - {"190", "260", "370"} | {"900", "1000"})
"""`workType`: the table has gaps."""
CORP_TYPES = frozenset(f"{number:03d}" for number in range(1, 13))
_NATION_NAMES = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 "
    "达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 "
    "门巴 珞巴 基诺"
)
NATIONS = _NATION_NAMES.split()
"""The 56 nationalities (GB/T 3304), in the order of their numbers."""


def nation(name: str) -> str:
    """Return a nationality as the platform writes it: without 族. Other texts stay as they are."""
    return name.removesuffix("族") if name.removesuffix("族") in NATIONS else name
