"""Pure rules of the uploads: signatures, code tables, bodies, answers, and what is missing for them."""
