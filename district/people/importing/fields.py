"""The fields of a sheet of people, and the headings that name them."""

from django.utils.translation import gettext_lazy as _

from common.sheets import values
from district.imports.importer import ImportField, import_field
from district.people.importing import cells

FIELDS: tuple[ImportField, ...] = (
    import_field("name", _("Name"), cells.name, "姓名|名字|工人姓名|人员姓名|员工姓名|full name", needed=True),
    import_field("id_kind", _("Kind of document"), cells.id_kind, "证件类型|证件种类|document", clearable=False),
    import_field(
        "id_number", _("Id number"), cells.digits, "身份证号|身份证号码|身份证|证件号码|证件号|公民身份号码|id card number",
        needed=True, note=_("The column must be text."),
    ),
    import_field("sex", _("Sex"), cells.sex, "性别|gender", clearable=False),
    import_field("birth", _("Date of birth"), values.a_date, "出生日期|生日|出生年月日|birthday", clearable=False),
    import_field("nation", _("Nation"), cells.nation, "民族|ethnicity"),
    import_field("phone", _("Phone"), cells.phone, "手机|手机号|手机号码|电话|联系电话|联系方式|mobile|telephone"),
    import_field("address", _("Address"), values.name(200), "地址|住址|家庭住址|户籍地址|home address"),
    import_field(
        "emergency_contact", _("Emergency contact"), values.name(120), "紧急联系人|紧急联系人及电话|emergency"
    ),
    import_field(
        "site", _("Site"), values.name(120), "工地|项目|项目名称|工地名称|项目编号|所在工地|project", clearable=False,
        note=_("Name or id; may be left out if you have one site."),
    ),
    import_field(
        "employer", _("Employer"), values.name(120), "单位|公司|所属单位|所属公司|用工单位|劳务公司|分包单位|参建单位|企业|company",
        clearable=False, note=_("Name or credit code; may be left out if you have one enterprise."),
    ),
    import_field("team", _("Team"), values.name(80), "班组|所属班组|班组名称|施工队|crew", note=_("A new name makes a team.")),
    import_field("trade", _("Trade"), cells.trade, "工种|岗位|工种名称|work type|job", clearable=False),
    import_field("role", _("Role"), cells.role, "人员类型|工人类型|人员类别|work role", clearable=False),
    import_field("starts", _("First day"), values.a_date, "进场日期|入场日期|进场时间|开始日期|start", clearable=False),
    import_field("ends", _("Last day"), values.a_date, "退场日期|离场日期|退场时间|结束日期|end", clearable=False),
    import_field("contract_number", _("Contract"), values.name(60), "合同编号|劳动合同编号|合同", clearable=False),
    import_field("contract_ends", _("Contract ends"), values.a_date, "合同到期|合同结束|合同到期日", clearable=False),
    import_field("bank", _("Bank"), values.name(80), "开户行|银行|开户银行|bank name", clearable=False),
    import_field(
        "account", _("Account number"), cells.account, "银行卡号|工资卡号|银行账号|卡号（工资）|bank card", clearable=False,
        note=_("The column must be text."),
    ),
    import_field(
        "training_expires", _("Training valid until"), values.a_date,
        "培训有效期|培训有效期至|安全培训有效期|安全教育有效期|三级教育有效期|培训到期", clearable=False,
    ),
    import_field("card", _("Card number"), cells.card, "卡号|门禁卡号|ic卡号|一卡通|access card", clearable=False),
)  # fmt: skip
