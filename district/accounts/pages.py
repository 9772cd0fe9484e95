"""Who may open a page: `district.pages`, under the name that apps above the accounts use."""

from district.pages import has_totp, needs_totp, open_page, page

__all__ = ["has_totp", "needs_totp", "open_page", "page"]
