"""Feature tags: the four well-known tags of applications and service principals that have names of their own."""

from collections.abc import Mapping

from engine.standins.azuread.graph import in_set_order
from engine.standins.values import Props

_TAGS = {
    "customSingleSignOn": "WindowsAzureActiveDirectoryCustomSingleSignOnApplication",
    "enterprise": "WindowsAzureActiveDirectoryIntegratedApp",
    "gallery": "WindowsAzureActiveDirectoryGalleryApplicationNonPrimaryV1",
    "hide": "HideApp",
}
_LEGACY = {
    "customSingleSignOnApp": "customSingleSignOn",
    "enterpriseApplication": "enterprise",
    "galleryApplication": "gallery",
}


def tags_of(inputs: Props) -> list[str]:
    """The tags to send for `tags`, `featureTags` or the deprecated `features`, whichever is given."""
    if inputs.get("featureTags"):
        return _from_flags(inputs["featureTags"][0])
    if inputs.get("features"):
        legacy = inputs["features"][0]
        flags = {name: legacy.get(old, False) for old, name in _LEGACY.items()}
        return _from_flags({**flags, "hide": not legacy.get("visibleToUsers", True)})
    return in_set_order(inputs.get("tags"))


def _from_flags(flags: Mapping[str, bool]) -> list[str]:
    return [tag for name, tag in _TAGS.items() if flags.get(name)]


def feature_tags(tags: list[str]) -> list[Props]:
    return [{name: tag in tags for name, tag in _TAGS.items()}]


def features(tags: list[str]) -> list[Props]:
    flags = feature_tags(tags)[0]
    return [{**{old: flags[name] for old, name in _LEGACY.items()}, "visibleToUsers": not flags["hide"]}]
