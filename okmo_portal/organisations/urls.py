from django.urls import path, re_path

from okmo_portal.organisations.views import handover, invitation, membership, reference

app_name = "organisations"

urlpatterns = [
    path("switch/", membership.membership_switch, name="membership-switch"),
    path("memberships/mine/", membership.membership_mine, name="membership-mine"),
    path("memberships/request/", membership.membership_search, name="membership-search"),
    re_path(
        r"^memberships/request/(?P<kind>council|municipality)/(?P<pk>\d+)/$",
        membership.membership_request,
        name="membership-request",
    ),
    path("memberships/", membership.membership_list, name="membership-list"),
    path("memberships/<int:pk>/", membership.membership_detail, name="membership-detail"),
    path(
        "memberships/<int:pk>/requested/",
        membership.membership_requested,
        name="membership-requested",
    ),
    re_path(
        r"^memberships/(?P<pk>\d+)/(?P<action>confirm|refuse|end)/$",
        membership.membership_decide,
        name="membership-decide",
    ),
    path("handover/", handover.handover_list, name="handover-list"),
    path("handover/<int:pk>/", handover.handover_detail, name="handover-detail"),
    path("reference/", reference.reference_list, name="reference-list"),
    path("reference/upload/", reference.reference_upload, name="reference-upload"),
    path("reference/<int:pk>/", reference.reference_import, name="reference-import"),
    path("reference/<int:pk>/remarks.csv", reference.reference_rejected, name="reference-rejected"),
    re_path(
        r"^reference/(?P<pk>\d+)/(?P<action>check|take)/$",
        reference.reference_act,
        name="reference-act",
    ),
    path("people/", invitation.invitation_list, name="invitation-mine"),
    path("people/<int:pk>/", invitation.invitation_list, name="invitation-list"),
    path("invitations/<int:pk>/revoke/", invitation.invitation_revoke, name="invitation-revoke"),
    path("invitations/<str:token>/", invitation.invitation_accept, name="invitation-accept"),
]
