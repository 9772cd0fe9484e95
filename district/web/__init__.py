"""What all pages share: layout, tokens, tables, charts, search."""
