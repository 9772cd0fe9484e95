"""What the console keeps for an account: named views of lists."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A list's filters, order and columns under a name. Each account keeps its own; rights still limit the rows."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    table = models.CharField(max_length=40)
    name = models.CharField(_("name of the view"), max_length=60)
    query = models.CharField(max_length=1000)
    """The address's query without cursor and format."""

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["user", "table", "name"], name="saved_view_once"),)

    def __str__(self) -> str:
        return self.name


class ClockMark(models.Model):
    """What the clock showed when a worker last looked: one row."""

    seen = models.DateTimeField()
    jumped = models.DateTimeField(null=True, blank=True)
    """When it last jumped forward, by the time that it showed afterwards."""
