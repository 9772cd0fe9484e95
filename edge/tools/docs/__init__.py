"""Make the parts of the project's pages that come from the code, each between marks. Tests keep them up to date."""
