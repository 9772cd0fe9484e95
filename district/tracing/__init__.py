"""Contacts of a person that is a confirmed case: from trips, sites, gates and teams, with the calls to them."""
