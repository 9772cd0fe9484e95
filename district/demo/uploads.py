"""What the simulated real-name platform gets of the invented district: one site is connected, and most people gave a
photo. Those who did not show what the platform lacks.
"""

import base64
from datetime import timedelta
from io import BytesIO

from django.utils import timezone
from PIL import Image, ImageDraw

from district.enrolment.models import PlatformPhoto
from district.people.models import Consent, Person, Team
from district.places.models import Project
from district.platform_sim import DEMO_SECRET
from district.realname.models import PassageUpload, SiteUpload, Upload

_NO_PHOTO_EVERY = 7
_SIZE = (180, 240)


def connect(project: Project, people: list[Person]) -> None:
    """Turn the uploads of a site on, and give most of its people a drawn photo with its consent."""
    SiteUpload.objects.create(project=project, enabled=True, app_id=project.code, secret=DEMO_SECRET, training_hours=24)
    picture = base64.b64encode(_drawn_head()).decode()
    for number, person in enumerate(people, start=1):
        if number % _NO_PHOTO_EVERY:
            consent = Consent.objects.create(
                person=person, purpose=Consent.Purpose.PLATFORM_PHOTO, text_version="1", given_on="demo"
            )
            PlatformPhoto.objects.create(person=person, consent=consent, picture=picture, taken=timezone.now())


def forget() -> None:
    """Queue all uploads again: a simulated platform that was started again knows nothing."""
    PassageUpload.objects.all().delete()
    Upload.objects.all().delete()
    Team.objects.update(platform_number="")
    SiteUpload.objects.update(looked=None, reconciled=None, changed_from=timezone.now() - timedelta(days=1))


def _drawn_head() -> bytes:
    """Return a JPEG of a drawn head without a face."""
    image = Image.new("RGB", _SIZE, "#dfe6ea")
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 165, 160, 330), fill="#4a6478")
    draw.ellipse((52, 50, 128, 160), fill="#c9a58a")
    draw.pieslice((46, 34, 134, 122), 180, 360, fill="#f0b429")
    kept = BytesIO()
    image.save(kept, "JPEG", quality=80)
    return kept.getvalue()
