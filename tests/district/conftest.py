"""What the tests of the people side share."""

from collections.abc import Iterator

import pytest
from audit_flush import let_tests_empty_the_audit
from district_rig import SmallDistrict
from django.test import override_settings
from django.utils import translation
from kept_district import kept_district
from migrated_database import migrated_once, shared_folder
from screen_stage import open_chromium
from selenium.webdriver.chrome.webdriver import WebDriver


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Let the processes of a test run share the work of the migrations."""
    with migrated_once(shared_folder(tmp_path_factory.getbasetemp())):
        yield


@pytest.fixture(scope="session", autouse=True)
def _audit_can_be_emptied() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        let_tests_empty_the_audit(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _pages_are_english() -> Iterator[None]:
    """Tests read English pages, also where they run on a folder of another language."""
    with override_settings(LANGUAGE_CODE="en"):
        yield


@pytest.fixture(autouse=True)
def _language_of_each_test() -> Iterator[None]:
    """Forget the language of the last page: Django keeps it until the next request of the same thread."""
    yield
    translation.deactivate()


@pytest.fixture
def town(db: None) -> SmallDistrict:
    """Return a small district in the database of the test."""
    return kept_district()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """Return a browser; tests sign it in with `console_pages.sign_in`."""
    driver = open_chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()
