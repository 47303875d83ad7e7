"""The store against a model of plain dictionaries, and what a transaction promises."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from entra_local.store import Directory, Store

KIND = "group"
TENANTS = ("one", "two")
names = st.sampled_from(["Admins", "admins", "Viewers", "it's", "ümlaut"])
ids = st.sampled_from([f"id-{number}" for number in range(4)])
tenants = st.sampled_from(TENANTS)


class StoreMachine(RuleBasedStateMachine):
    """Any sequence of writes leaves what the dictionaries say."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(":memory:")
        self.live: dict[tuple[str, str], str] = {}
        self.deleted: dict[tuple[str, str], str] = {}
        self.links: set[tuple[str, str, str]] = set()

    def directory(self, tenant: str) -> Directory:
        return Directory(self.store.connection, tenant)

    @rule(tenant=tenants, id_=ids, name=names)
    def put(self, tenant: str, id_: str, name: str) -> None:
        self.directory(tenant).put(KIND, id_, {"id": id_, "displayName": name})
        side = self.deleted if (tenant, id_) in self.deleted else self.live
        side[tenant, id_] = name

    @rule(tenant=tenants, id_=ids)
    def soft_delete(self, tenant: str, id_: str) -> None:
        self.directory(tenant).soft_delete(KIND, id_)
        if (tenant, id_) in self.live:
            self.deleted[tenant, id_] = self.live.pop((tenant, id_))

    @rule(tenant=tenants, id_=ids)
    def restore(self, tenant: str, id_: str) -> None:
        self.directory(tenant).restore(KIND, id_)
        if (tenant, id_) in self.deleted:
            self.live[tenant, id_] = self.deleted.pop((tenant, id_))

    @rule(tenant=tenants, id_=ids)
    def remove(self, tenant: str, id_: str) -> None:
        self.directory(tenant).remove(KIND, id_)
        self.live.pop((tenant, id_), None)
        self.deleted.pop((tenant, id_), None)
        self.links = {link for link in self.links if link[0] != tenant or id_ not in link[1:]}

    @rule(tenant=tenants, source=ids, to=ids)
    def link(self, tenant: str, source: str, to: str) -> None:
        new = (tenant, source, to) not in self.links
        assert self.directory(tenant).link("members", source, to) is new
        self.links.add((tenant, source, to))

    @rule(tenant=tenants, source=ids, to=ids)
    def unlink(self, tenant: str, source: str, to: str) -> None:
        known = (tenant, source, to) in self.links
        assert self.directory(tenant).unlink("members", source, to) is known
        self.links.discard((tenant, source, to))

    @invariant()
    def everything_is_found(self) -> None:
        for tenant in TENANTS:
            directory = self.directory(tenant)
            for gone, side in ((False, self.live), (True, self.deleted)):
                expected = {id_: name for (owner, id_), name in side.items() if owner == tenant}
                found = {item.id: item.body["displayName"] for item in directory.scan(KIND, deleted=gone)}
                assert found == expected
                by_name = {item.id for item in directory.find(KIND, "displayName", "ADMINS", deleted=gone)}
                assert by_name == {id_ for id_, name in expected.items() if name.upper() == "ADMINS"}
            assert directory.count(KIND) == len([key for key in self.live if key[0] == tenant])
            linked = {
                (tenant, source, target)
                for source in map("id-{}".format, range(4))
                for target in directory.targets("members", source)
            }
            assert linked == {link for link in self.links if link[0] == tenant}

    def teardown(self) -> None:
        self.store.close()


TestStore = StoreMachine.TestCase


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "tenant.sqlite")

    def fail() -> None:
        with store.transaction() as inside:
            inside.of("one").put(KIND, "1", {"displayName": "half"})
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail()
    with store.transaction(write=False) as inside:
        assert inside.of("one").get(KIND, "1") is None
    store.close()


def test_ids_compare_without_case(tmp_path: Path) -> None:
    store = Store(tmp_path / "tenant.sqlite")
    with store.transaction() as inside:
        directory = inside.of("one")
        directory.put(KIND, "ABC", {"displayName": "x"})
        directory.link("members", "ABC", "DEF")
        assert directory.get(KIND, "abc") is not None
        assert directory.linked("members", "abc", "def")
    store.close()


def test_two_connections_see_each_others_commits(tmp_path: Path) -> None:
    first, second = Store(tmp_path / "tenant.sqlite"), Store(tmp_path / "tenant.sqlite")
    with first.transaction() as inside:
        inside.of("one").put(KIND, "1", {"displayName": "x"})
    with second.transaction(write=False) as inside:
        assert inside.of("one").get(KIND, "1") is not None
    first.close()
    second.close()


def test_a_property_without_a_lookup_is_a_mistake_of_ours(tmp_path: Path) -> None:
    store = Store(tmp_path / "tenant.sqlite")
    with store.transaction() as inside, pytest.raises(ValueError, match="no lookup"):
        inside.of("one").find(KIND, "nonsense", "x")
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.transaction().__enter__()


def test_what_stands_beside_an_object_goes_without_its_links(tmp_path: Path) -> None:
    store = Store(tmp_path / "tenant.sqlite")
    with store.transaction() as transaction:
        directory = transaction.of("one")
        directory.put("userPassword", "ada", {"hash": "a$b"})
        directory.link("members", "admins", "ada")
        directory.remove("userPassword", "ada")
        assert directory.targets("members", "admins") == ["ada"]
    store.close()
