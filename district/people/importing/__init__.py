"""Takes in sheets of people: each row a person with work, papers, bank account and card."""
