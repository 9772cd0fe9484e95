"""Workers' own phones: the link that opens one, and the pages behind it. A worker has no account and no password."""
