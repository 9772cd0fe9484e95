"""Pure rules of support: the format of measures, answers, the calculator, and the states of an application."""
