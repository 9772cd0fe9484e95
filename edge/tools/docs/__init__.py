"""Parts of the project's pages that are made from the code, each between its own marks; tests keep them in step."""
