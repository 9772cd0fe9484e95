"""What imports add to the worker."""

from district.imports.steps import drop_old, go_on_with_next

ROUNDS = (go_on_with_next, drop_old)
