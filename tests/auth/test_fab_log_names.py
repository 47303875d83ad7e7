"""Which templates for the names of logs are believed."""

from __future__ import annotations

import pytest

from airflow_entra_auth.fab.log_names import is_harmless


@pytest.mark.parametrize(
    "template",
    [
        "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/{% if ti.map_index >= 0 %}"
        "map_index={{ ti.map_index }}/{% endif %}attempt={{ try_number|default(ti.try_number) }}.log",
        "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/{%% if ti.map_index >= 0 %%}x.log",
        "{{ ti.dag_id }}/{{ ti.task_id }}/{{ ts }}/{{ try_number }}.log",
        "{dag_id}/{task_id}/{execution_date}/{try_number}.log",
    ],
)
def test_airflows_own_are(template: str) -> None:
    assert is_harmless(template) is ("{%%" not in template)


@pytest.mark.parametrize(
    "template",
    [
        "../../../../../proc/self/environ",
        "/proc/self/environ",
        "{{ ti.hostname }}",
        "{dag_id}",
        "{dag_id.__class__}.log",
        "{dag_id[0]}.log",
        "{dag_id!r}.log",
        "{{ ti.__class__ }}.log",
        "{{ ti.task.dag }}.log",
        "{{ ti['__class__'] }}.log",
        "{{ ti|attr('__class__') }}.log",
        "{{ ti.refresh_from_db() }}.log",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}.log",
        "{% for x in [].__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}{{ ts }}.log",
        "{% include '/etc/passwd' %}{{ ts }}.log",
        "{{ ti.dag_id",
        "{{ ti.dag_id }}.log{{ ti.hostname }}",
        "",
    ],
)
def test_no_other_is(template: str) -> None:
    assert not is_harmless(template)
