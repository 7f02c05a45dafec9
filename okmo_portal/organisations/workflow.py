"""The lives of memberships and of uploaded references."""

from okmo_portal.organisations.enums import MembershipState, ReferenceState
from okmo_portal.organisations.permissions import decides_membership, is_congress_staff
from okmo_portal.workflow.transitions import Transition

CONFIRM = Transition(
    name="confirm",
    label="Подтвердить полномочие",
    sources=frozenset({MembershipState.REQUESTED}),
    target=MembershipState.ACTIVE,
    allowed=decides_membership,
)
REFUSE = Transition(
    name="refuse",
    label="Отклонить запрос",
    sources=frozenset({MembershipState.REQUESTED}),
    target=MembershipState.REFUSED,
    allowed=decides_membership,
)
END = Transition(
    name="end",
    label="Прекратить полномочие",
    sources=frozenset({MembershipState.ACTIVE}),
    target=MembershipState.ENDED,
    allowed=decides_membership,
)
LEAVE = Transition(
    name="leave",
    label="Сложить полномочие",
    sources=frozenset({MembershipState.ACTIVE, MembershipState.REQUESTED}),
    target=MembershipState.ENDED,
    allowed=lambda user, membership: membership.user_id == user.pk,
)


def _manages(user, instance):
    return is_congress_staff(user)


OPEN_REFERENCES = frozenset(
    {ReferenceState.UPLOADED, ReferenceState.CHECKED, ReferenceState.FAILED}
)
CHECK_REFERENCE = Transition(
    name="check_reference",
    label="Справочник проверен",
    sources=OPEN_REFERENCES,
    target=ReferenceState.CHECKED,
    allowed=_manages,
)
TAKE_REFERENCE = Transition(
    name="take_reference",
    label="Преобразования приняты",
    sources=frozenset({ReferenceState.CHECKED}),
    target=ReferenceState.DONE,
    allowed=_manages,
)
FAIL_REFERENCE = Transition(
    name="fail_reference",
    label="Справочник не принят",
    sources=OPEN_REFERENCES,
    target=ReferenceState.FAILED,
    allowed=_manages,
)
