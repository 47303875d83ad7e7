"""Programs, policy packs and dynamic resources on the real engine, through the language host."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.engine.project import Project

pytestmark = pytest.mark.engine

NOTE = """
    from pathlib import Path
    import pulumi
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult

    class NoteProvider(ResourceProvider):
        def create(self, props):
            Path(props["path"]).write_text(props["text"])
            return CreateResult("note-1", {"path": props["path"], "text": props["text"]})

        def update(self, id, olds, news):
            Path(news["path"]).write_text(news["text"])
            return UpdateResult({"path": news["path"], "text": news["text"]})

        def delete(self, id, props):
            Path(props["path"]).unlink()

    class Note(Resource):
        def __init__(self, name, path, text):
            super().__init__(NoteProvider(), name, {"path": path, "text": text})
"""

POLICIES = """
    from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

    def no_shouting(args, report_violation):
        if args.props.get("text", "").isupper():
            report_violation(f"{args.name} shouts")

    PolicyPack("manners", policies=[
        ResourceValidationPolicy("no-shouting", "Be calm.", no_shouting, EnforcementLevel.MANDATORY),
    ])
"""


def test_a_program_gets_all_that_the_engine_knows(project: Project) -> None:
    project.write(
        "__main__.py",
        """
        import os, sys
        import pulumi
        from pulumi.runtime.settings import SETTINGS, is_dry_run
        print("to standard output")
        print("to standard error", file=sys.stderr)
        config = pulumi.Config()
        for name, value in {
            "plain": config.require("plain"), "structured": config.require_object("structured"),
            "hidden": config.require_secret("hidden"), "stack": pulumi.get_stack(),
            "project": pulumi.get_project(), "organization": pulumi.get_organization(),
            "folder": os.getcwd(), "root": pulumi.get_root_directory(), "dry run": is_dry_run(),
            "parallel": SETTINGS.parallel, "input": sys.stdin.read(), "arguments": sys.argv[1:],
        }.items():
            pulumi.export(name, value)
        """,
    )
    project.pulumi("config", "set", "plain", "as it is: ä 'quoted'")
    project.pulumi("config", "set", "--path", "structured.list[0]", "1")
    project.pulumi("config", "set", "--secret", "hidden", "hush-hush")

    said = project.pulumi("up", "--yes", "--parallel", "3")

    assert "to standard output" in said
    assert "to standard error" in said
    assert "warning" not in said
    assert "hush-hush" not in said
    assert json.loads(project.pulumi("stack", "output", "--json", "--show-secrets")) == {
        "plain": "as it is: ä 'quoted'",
        "structured": {"list": [1]},
        "hidden": "hush-hush",
        "stack": "test",
        "project": "tiny",
        "organization": "organization",
        "folder": str(project.folder),
        "root": str(project.folder),
        "dry run": False,
        "parallel": 3,
        "input": "",
        "arguments": [],
    }
    assert json.loads(project.pulumi("stack", "output", "--json"))["hidden"] == "[secret]"
    assert "dry run : false => true" in " ".join(project.pulumi("preview").split())


def test_a_configuration_that_no_program_can_be_given_is_named(project: Project) -> None:
    project.write("__main__.py", "")
    project.write("Pulumi.test.yaml", f"config:\n  tiny:large: {'x' * 200_000}\n")

    said = project.pulumi("preview", code=1)

    assert "the stack's configuration, 195 KiB, is larger than what a program can be given (128 KiB)" in said


def test_a_dynamic_resource_lives_its_whole_life(project: Project) -> None:
    note = project.folder / "note"
    project.write("__main__.py", NOTE + f"\n    Note('note', {str(note)!r}, pulumi.Config().require('text'))\n")

    project.pulumi("config", "set", "text", "first")
    said = project.pulumi("up", "--yes")
    assert note.read_text() == "first"
    assert "warning" not in said
    project.pulumi("preview", "--expect-no-changes")

    project.pulumi("config", "set", "text", "second")
    assert "1 updated" in project.pulumi("up", "--yes")
    assert note.read_text() == "second"

    project.pulumi("destroy", "--yes")
    assert not note.exists()
    assert project.left_over() == []


def test_a_policy_pack_blocks_what_it_forbids_and_only_that(project: Project) -> None:
    note = project.folder / "note"
    project.write("__main__.py", NOTE + f"\n    Note('note', {str(note)!r}, pulumi.Config().require('text'))\n")
    project.write("policies/PulumiPolicy.yaml", "runtime: python\ndescription: Good manners.\n")
    project.write("policies/__main__.py", POLICIES)

    project.pulumi("config", "set", "text", "LOUD")
    refused = project.pulumi("up", "--yes", "--policy-pack", "policies", code=1)
    assert "note shouts" in refused
    assert "no-shouting" in refused
    assert "Traceback" not in refused
    assert not note.exists()

    project.pulumi("config", "set", "text", "calm")
    passed = project.pulumi("up", "--yes", "--policy-pack", "policies")
    assert "warning" not in passed
    assert note.read_text() == "calm"
    assert project.left_over() == []


def test_an_exception_is_shown_once_and_as_the_programs_own(project: Project) -> None:
    project.write("__main__.py", "def deep():\n    raise ValueError('no such colour')\ndeep()\n")

    said = project.pulumi("preview", code=1)

    assert said.count("ValueError: no such colour") == 1
    assert "in deep" in said
    assert "runpy" not in said
    assert "tethered" not in said
    assert "exit code" not in said


def test_a_run_error_is_shown_without_a_traceback(project: Project) -> None:
    project.write("__main__.py", "import pulumi\nraise pulumi.RunError('stack.yaml:3:1: no such colour')\n")

    said = project.pulumi("preview", code=1)

    assert "error: stack.yaml:3:1: no such colour" in said
    assert "Traceback" not in said


def test_a_program_that_says_what_is_wrong_itself_ends_without_another_word(project: Project) -> None:
    project.write("__main__.py", "import sys, pulumi\npulumi.log.error('no such colour')\nsys.exit(32)\n")

    said = project.pulumi("preview", code=1)

    assert "error: no such colour" in said
    assert "exit code" not in said
    assert "Traceback" not in said


def test_this_repositorys_program_ends_in_the_stack_files_own_words(project: Project) -> None:
    root = Path(__file__).parents[2]
    project.write("__main__.py", f"import runpy\nrunpy.run_path({str(root)!r}, run_name='__main__')\n")
    project.write("stacks/Pulumi.test.yaml", "config:\n  airflow-entra:environmnt: production\n")

    project.environment["AIRFLOW_ENTRA_STACKS"] = str(project.folder / "stacks")

    said = project.pulumi("preview", code=1)

    assert "stacks/Pulumi.test.yaml:2:3: error: environmnt is no key" in said
    assert "exit code" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "program was ended by signal SIGKILL"),
        ("sys.exit(7)", "program exited with non-zero exit code: 7"),
    ],
)
def test_an_ending_without_words_gets_some(project: Project, ending: str, words: str) -> None:
    project.write("__main__.py", f"import os, signal, sys\n{ending}\n")

    assert words in project.pulumi("preview", code=1)


def test_the_virtualenv_option_is_relative_to_pulumi_yaml(project: Project) -> None:
    project.write("Pulumi.yaml", "name: tiny\nruntime: {name: python, options: {virtualenv: env}}\nmain: program\n")
    project.write("program/__main__.py", "import os, pulumi\npulumi.export('env', os.environ['VIRTUAL_ENV'])\n")

    missing = project.pulumi("preview", code=1)
    assert f"the 'virtualenv' option in Pulumi.yaml is set to 'env', but {project.folder}/env is not" in missing
    assert "Traceback" not in missing

    Path(project.folder, "env").symlink_to(sys.prefix)
    project.pulumi("up", "--yes", "--skip-preview")
    assert project.pulumi("stack", "output", "env").strip() == str(project.folder / "env")


def test_pulumi_about_names_the_python_and_its_packages(project: Project) -> None:
    project.write("__main__.py", "")

    about = json.loads(project.pulumi("about", "--json"))

    assert about["runtime"]["language"] == "python"
    assert about["cliAbout"]["version"].lstrip("v") == "3.256.0"
    versions = {one["name"]: one["version"] for one in about["dependencies"]}
    assert versions["pulumi-policy"] == version("pulumi-policy")
