from pathlib import Path

import pytest

from bench.floor.subject import Floor
from bench.subjects import Size
from engine.obtain import engine_folder


@pytest.mark.engine
def test_the_floor_declares_what_it_is_told_and_goes_away_again(tmp_path: Path) -> None:
    floor = Floor(tmp_path, engine_folder(progress=lambda _line: None), Size(resources=3, components=2))
    up = floor.pulumi("up", "--yes", "--skip-preview", "--non-interactive")
    assert up.seconds > 0
    assert up.tree_bytes >= up.own_bytes > 0
    checkpoint = (tmp_path / "state" / ".pulumi" / "stacks" / "floor" / "floor.json").read_text()
    assert checkpoint.count('"type":"floor:index:Resource"') == 3
    assert checkpoint.count('"type":"floor:index:Component"') == 2
    floor.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive")
    assert "floor:index" not in (tmp_path / "state" / ".pulumi" / "stacks" / "floor" / "floor.json").read_text()
