"""axe-core looks at a page in Chromium, by the rules of WCAG 2.1 A and AA."""

from pathlib import Path

from selenium.webdriver.chrome.webdriver import WebDriver

AXE = (Path(__file__).parent / "axe/axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: arguments[0], resultTypes: ["violations"]}).then((result) => done(
    result.violations.flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 200)}`))));
"""


def violations(browser: WebDriver) -> list[str]:
    """Return what axe-core finds on the page that is open."""
    browser.execute_script(AXE)
    found: list[str] = browser.execute_async_script(_RUN, RULES)
    return found
