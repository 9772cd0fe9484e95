"""Reads sheets that people made: CSV in any usual encoding, or XLSX. Headings, cells, and what is wrong with them."""
