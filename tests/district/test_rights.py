"""PROMISE: nobody sees outside their part of the tree."""

from district_rig import SmallDistrict

from district.people.models import Person
from district.permissions import Role
from district.places.models import Project


def test_ok__each_role_sees_its_part_of_the_tree(town: SmallDistrict) -> None:
    seen = {
        role: (
            set(Project.objects.visible_to(user).values_list("site_id", flat=True)),
            set(Person.objects.visible_to(user).values_list("worker_id", flat=True)),
        )
        for role, user in town.accounts.items()
    }
    everybody = {person.worker_id for person in town.people}
    assert seen[Role.OFFICER] == ({"site-1", "site-2", "site-3", "site-4"}, everybody)
    assert seen[Role.LIAISON] == ({"site-1", "site-2"}, {"w-1", "w-2", "w-3", "w-4"})
    assert seen[Role.MANAGER] == ({"site-1"}, {"w-1", "w-2"})
    assert seen[Role.CLERK] == ({"site-1", "site-4"}, {"w-1", "w-2", "w-7", "w-8"})
    assert seen[Role.SYSTEM] == ({"site-1", "site-2", "site-3", "site-4"}, set())
