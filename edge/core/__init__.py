"""The pure core: values, ports, configuration, rules, passage. It imports no SDK and no database."""
