"""The life of a membership."""

from okmo_portal.organisations.enums import MembershipState
from okmo_portal.organisations.permissions import decides_membership
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
