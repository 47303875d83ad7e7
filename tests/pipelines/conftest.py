"""A project that runs on one CI system deletes the other's pipelines; nothing is asked of those that aren't there."""

from __future__ import annotations

from tests.pipelines import azure_pipelines, workflows

collect_ignore = [
    *([] if workflows.FOLDER.is_dir() else ["test_github.py", "test_shell.py", "test_for_real.py"]),
    *([] if azure_pipelines.FOLDER.is_dir() else ["test_azure_devops.py"]),
]
