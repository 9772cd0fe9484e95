"""Pages of support: measures, the calculator, applications."""
