"""The one object that holds every table of HQ."""

from sqlalchemy import MetaData

metadata = MetaData()
