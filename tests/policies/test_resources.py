import pytest

from policies.resources import UNKNOWN, Resource, short_type


@pytest.mark.parametrize(
    ("token", "short"),
    [
        ("azuread:index/application:Application", "azuread:Application"),
        ("azuread:index/servicePrincipal:ServicePrincipal", "azuread:ServicePrincipal"),
        ("azure-native:keyvault:Secret", "azure-native:keyvault:Secret"),
        ("azure-native:keyvault/v20230701:Secret", "azure-native:keyvault:Secret"),
        ("azure-native:keyvault/v20240401preview:Secret", "azure-native:keyvault:Secret"),
        ("azure-native_keyvault_v20230701:keyvault:Secret", "azure-native:keyvault:Secret"),
        ("azure-native_keyvault_v20230701:keyvault/v20230701:Secret", "azure-native:keyvault:Secret"),
        ("random:index/randomId:RandomId", "random:RandomId"),
        ("pulumi:pulumi:Stack", "pulumi:pulumi:Stack"),
    ],
)
def test_types_are_read_as_people_write_them(token: str, short: str) -> None:
    assert short_type(token) == short


def test_what_is_inside_an_unknown_value_is_unknown() -> None:
    resource = Resource(urn="r", type="t", name="n", props={"web": UNKNOWN, "api": {"version": 2}, "owners": "x"})
    assert resource.get("web", "redirectUris") is UNKNOWN
    assert resource.items("web", "redirectUris") == [UNKNOWN]
    assert resource.get("api", "version") == 2
    assert resource.get("api", "scopes", "first") is None
    assert resource.items("api", "scopes") == []
    assert resource.items("owners") == []
