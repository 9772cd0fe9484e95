"""People, their documents, teams, assignments and consents."""
