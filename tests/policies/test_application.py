import pytest

from policies.application import SINGLE_TENANT
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding


def application(**props: Value) -> Resource:
    return Resource(urn="app", type="azuread:Application", name="airflow", props=props)


@pytest.mark.parametrize("audience", ["AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"])
def test_other_tenants_are_refused(audience: str) -> None:
    (finding,) = SINGLE_TENANT.check([application(signInAudience=audience)], {})
    assert isinstance(finding, Finding)
    assert SINGLE_TENANT.message(finding) == (
        f"single-tenant: signInAudience is {audience}: accounts of other organisations could sign in. "
        "Set signInAudience to AzureADMyOrg or leave it out"
    )


@pytest.mark.parametrize("audience", [None, "AzureADMyOrg", UNKNOWN])
def test_the_own_tenant_passes(audience: Value) -> None:
    assert not list(SINGLE_TENANT.check([application(signInAudience=audience)], {}))
