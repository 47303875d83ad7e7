"""What an import says about a property whose value only the update will tell."""

import pytest

from airflow_entra.importing.changes import changes
from airflow_entra.preview.changes import UNKNOWN_KINDS


@pytest.mark.parametrize("written", sorted(UNKNOWN_KINDS))
def test_every_kind_of_unknown_value_is_called_that(written: str) -> None:
    (change,) = changes({"owners": ["a"]}, {"owners": written})
    assert change.after == "(known afterwards)"
