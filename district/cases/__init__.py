"""Cases: warnings and whistles on one life cycle, with owner, deadline and next step."""
