from pathlib import Path

from engine.logs import keep_no_logs


def test_logs_of_before_go_and_none_follow(tmp_path: Path) -> None:
    home = tmp_path / "home"
    keep_no_logs(home)
    keep_no_logs(home)
    assert (home / "logs").is_file()
    (home / "logs").unlink()
    (home / "logs").mkdir()
    (home / "logs" / "organization+airflow-entra+local-20261129T174613.log").write_text("old")
    keep_no_logs(home)
    assert "logtostderr" in (home / "logs").read_text()
