"""The pages of the site office: is all well, who is inside, what happened."""
