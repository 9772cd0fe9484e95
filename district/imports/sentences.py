"""The sentences of `common.sheets` for translators: that folder knows no catalogue."""

from django.utils.translation import gettext_noop as _

SENTENCES = (
    _("%(cell)s does not say what to do: leave the cell empty to change nothing"),
    _("%(cell)s has %(count)s characters, %(most)s at most"),
    _("%(cell)s holds characters that are no text: type it again"),
    _("%(cell)s is a date with a time of day: write 2026-01-05, 2026/1/5 or 2026年1月5日"),
    _(
        "%(cell)s is a date: digits may be lost; format the column as text (Excel: Data, Text to "
        "Columns, Text; 数据 → 分列 → 文本), then type the value again or export it again"
    ),
    _(
        "%(cell)s is a number whose digits are lost; format the column as text (Excel: Data, Text to "
        "Columns, Text; 数据 → 分列 → 文本), then type the value again or export it again"
    ),
    _("%(cell)s is a number, no date: format the column as a date, or write 2026-01-05, 2026/1/5 or 2026年1月5日"),
    _(
        "%(cell)s is a number: digits may be lost; format the column as text (Excel: Data, Text to "
        "Columns, Text; 数据 → 分列 → 文本), then type the value again or export it again"
    ),
    _("%(cell)s is neither yes nor no: write 是 or 否, yes or no"),
    _("%(cell)s is no date: write 2026-01-05, 2026/1/5 or 2026年1月5日"),
    _("%(cell)s is no day of the calendar: write 2026-01-05, 2026/1/5 or 2026年1月5日"),
    _("%(cell)s is no phone number"),
    _(
        "%(cell)s is no text: digits may be lost; format the column as text (Excel: Data, Text to "
        "Columns, Text; 数据 → 分列 → 文本), then type the value again or export it again"
    ),
    _("%(cell)s is no text: format the column as text"),
    _(
        "%(cell)s is no time: write 2026-01-05 14:30 with the option --time-zone Asia/Shanghai, or "
        "2026-01-05T14:30:00+08:00"
    ),
    _(
        "%(cell)s is not an id: an id has 1 to 64 letters (a-z), digits, dots, hyphens or underscores, "
        "and begins with a letter or digit"
    ),
    _("%(cell)s is not between 1900 and 2199: write 2026-01-05, 2026/1/5 or 2026年1月5日"),
    _(
        "%(cell)s names no time zone: write 2026-01-05 14:30 with the option --time-zone Asia/Shanghai, "
        "or 2026-01-05T14:30:00+08:00"
    ),
    _("%(count)s card number(s) stand in this cell a second time"),
    _("%(file)s: row %(row)s has more than %(most)s columns: delete those that are not needed"),
    _("%(file)s: a CSV file has no sheets: leave --sheet out"),
    _("%(file)s cannot be read: %(why)s"),
    _(
        "%(file)s cannot be read: it is damaged, or needs too much memory. Open it in Excel, WPS or "
        "LibreOffice, copy the rows into a new workbook, and save that as .xlsx"
    ),
    _("%(file)s changed while it was read: try again"),
    _("%(file)s has %(count)s sheets with content (%(sheets)s): choose one with --sheet NAME"),
    _("%(file)s has a password: save it without one"),
    _("%(file)s has more than %(most)s columns: delete those that are not needed"),
    _("%(file)s has no sheet %(sheet)s, but: %(others)s"),
    _("%(file)s has no visible sheet with content"),
    _("%(file)s holds %(odd)s, which is no text: is it a CSV file?"),
    _("%(file)s is a workbook: name it .xlsx"),
    _(
        "%(file)s is no XLSX workbook, or has a password: save it as .xlsx without a password (an .xls, "
        ".et or HTML file only got this name)"
    ),
    _("%(file)s is no XLSX workbook: save it again as .xlsx"),
    _(
        "%(file)s is no text in UTF-8, UTF-16 or GB18030: save it as CSV UTF-8 (Excel: Save As, CSV "
        "UTF-8; 另存为 → CSV UTF-8)"
    ),
    _("%(file)s unpacks to more than any list of workers: it is damaged, or meant to do harm"),
    _(
        "%(file)s: cell %(cell)s has a formula without its value: open the file in Excel, WPS or "
        "LibreOffice, and save it"
    ),
    _("%(file)s: cell %(cell)s shows an error of a formula: correct it"),
    _("%(file)s: row %(row)s cannot be read (%(why)s): look for a quotation mark that is not closed"),
    _("a PIN is 4 to 12 digits"),
    _("a card number is not 1 to 32 digits: write it as the reader gives it"),
    _("has more cells than the headings: put a value that holds the separator into quotation marks"),
    _("is empty: write it, or delete the row"),
    _(
        "the PIN is a number: leading zeros may be lost; format the column as text (Excel: Data, Text to"
        " Columns, Text; 数据 → 分列 → 文本), then type the value again or export it again"
    ),
)
