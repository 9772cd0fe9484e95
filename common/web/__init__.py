"""What the pages of gate and district share: style sheets, icons, htmx. No code."""
