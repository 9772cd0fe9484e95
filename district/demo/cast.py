"""The invented district: places, enterprises, sites, people and accounts. Every name and number is made up."""

from dataclasses import dataclass

from stdnum.cn import ric, uscc

from district.permissions import Role

TOWNS = {"桂城街道": ("平洲社区", "夏西社区"), "狮山镇": ("罗村社区",)}
GRIDS = 2
ENTERPRISES = (
    ("南海示范建设集团有限公司", "002"),
    ("佛山示范劳务有限公司", "007"),
    ("粤安机电安装有限公司", "006"),
)


@dataclass(frozen=True)
class DemoSite:
    """A site: name, HQ's id, its contractors, teams, and how many work there."""

    name: str
    site_id: str
    town: int
    contractor: int
    teams: tuple[tuple[str, int, str], ...]
    """Name, enterprise, trade."""
    people: int
    longitude: float
    latitude: float
    refused: int = 1


SITES = (
    DemoSite(
        "千灯湖北区三期", "site-demo", 0, 0, (("钢筋一班", 1, "020"), ("木工班", 1, "050"), ("机电班", 2, "130")),
        16, 113.147, 23.048,
    ),
    DemoSite("平洲学校扩建", "site-pingzhou", 0, 0, (("砌筑班", 1, "010"), ("架子班", 1, "030")), 10, 113.196, 23.032),
    DemoSite("罗村安置房", "site-luocun", 1, 1, (("综合班", 1, "010"),), 8, 113.056, 23.045, refused=6),
    DemoSite("狮山产业园厂房", "site-shishan", 1, 0, (("钢筋二班", 1, "020"),), 6, 112.978, 23.118),
)  # fmt: skip
FAMILY = "陈李黄何梁周吴林罗谭"
GIVEN = ("志强", "建国", "丽华", "伟明", "秀英", "国栋", "海燕", "文杰", "桂芳", "永胜", "小龙", "春梅", "大勇", "家俊")


@dataclass(frozen=True)
class DemoAccount:
    """An account and where its role holds: the root (""), a site's id, or an enterprise by its number."""

    username: str
    name: str
    role: Role
    site_id: str = ""
    enterprise: int | None = None
    grid: bool = False
    """The role holds in the grid of the site."""


ACCOUNTS = (
    DemoAccount("officer", "郑敏", Role.OFFICER),
    DemoAccount("clerk", "冯丽", Role.CLERK, enterprise=1),
    DemoAccount("manager", "高峰", Role.MANAGER, site_id="site-demo"),
    DemoAccount("guard", "石磊", Role.GUARD, site_id="site-demo"),
    DemoAccount("auditor", "严正", Role.AUDITOR),
    DemoAccount("admin", "管理员", Role.SYSTEM),
    DemoAccount("liaison", "何萍", Role.LIAISON, site_id="site-demo", grid=True),
)


def name_of(number: int) -> str:
    """Return the name of the person with this number; they repeat after 140."""
    return FAMILY[number % len(FAMILY)] + GIVEN[number // len(FAMILY) % len(GIVEN)]


def id_number_of(number: int) -> str:
    """Return an id number with a right check digit, of a county code that no county has."""
    county, year = "449999", 1966 + number % 38
    body = f"{county}{year}{1 + number % 12:02}{1 + number % 28:02}{number % 1000:03}"
    return body + ric.calc_check_digit(body + "0")


def address_of(number: int) -> str:
    """Return an address in a province that does not exist."""
    return f"示范省示范市示范路{number + 1}号"


def site_code_of(number: int) -> str:
    """Return the platform's code of the site with this number."""
    return f"4499992026{number:04}"


def code_of(number: int) -> str:
    """Return a credit code with a right check digit."""
    body = f"91440605MA5DEMX{number:02}"
    return body + uscc.calc_check_digit(body + "0")
