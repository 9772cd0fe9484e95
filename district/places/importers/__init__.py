"""Sheets of places, enterprises and sites."""

from district.places.importers.enterprises import EnterprisesImporter
from district.places.importers.places import PlacesImporter
from district.places.importers.sites import SitesImporter

IMPORTERS = (PlacesImporter, EnterprisesImporter, SitesImporter)
