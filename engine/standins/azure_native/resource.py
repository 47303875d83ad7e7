"""A Resource Manager type as a Pulumi resource."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.standins.azure_native import inputs as rules
from engine.standins.azure_native.arm import Arm
from engine.standins.azure_native.arm_type import ArmType, select
from engine.standins.azure_native.types import KEY, SECRET
from engine.standins.azure_native.vault import VaultClient
from engine.standins.errors import HalfCreatedError, ProviderError, WireError
from engine.standins.package import Checked, Difference, Live
from engine.standins.rest import Http
from engine.standins.values import Props

_CONFLICTS = 6  # without a soft-deleted secret to be seen, before a conflict is believed
_RECOVERY_GAP = 0.5  # seconds; the official provider waits five
_RECOVERY_TRIES = 60


@dataclass(frozen=True)
class Services:
    http: Http
    arm: Arm
    vaults: VaultClient
    subscription: Callable[[], str]
    location: Callable[[], str]


@dataclass(frozen=True)
class ArmResource:
    type: ArmType
    services: Services
    secret_outputs: frozenset[str] = frozenset()

    def check(self, name: str, old_inputs: Props, inputs: Props, seed: bytes) -> Checked:
        return rules.check(self.type, name, old_inputs, inputs, seed, self.services.location())

    def diff(self, object_id: str, old_inputs: Props, state: Props, inputs: Props) -> Difference:
        made_up = bool(old_inputs.get(rules.CREATE_BEFORE_DELETE))
        return Difference(rules.differences(self.type, old_inputs, inputs), delete_before_replace=not made_up)

    def preview(self, inputs: Props, state: Props | None) -> Props:
        return rules.preview(self.type, inputs, state)

    def create(self, inputs: Props) -> tuple[str, Props]:
        object_id = self.type.id_of(inputs, self.services.subscription())
        if not self.type.there_from_the_start:
            self.services.arm.refuse_existing(object_id, self.type.api_version)
        made = self._put(object_id, inputs)
        object_id = made.get("id") or object_id
        return object_id, self._after_write(object_id, made, inputs)

    def read(self, object_id: str, inputs: Props, state: Props) -> Live | None:
        self.type.parameters_of(object_id)  # an ID of another form is refused before it is looked for
        found = self.services.arm.find(object_id, self.type.api_version)
        if found is None:
            return None
        outputs = self._outputs(found)
        live_inputs = (
            rules.refreshed(self.type, inputs, state, outputs)
            if inputs
            else rules.imported(self.type, object_id, outputs)
        )
        return Live(object_id, live_inputs, outputs)

    def update(self, object_id: str, old_inputs: Props, state: Props, inputs: Props) -> Props:
        made = self.services.arm.put(object_id, self.type.api_version, self._body(inputs))
        return self._after_write(object_id, made, inputs)

    def delete(self, object_id: str, old_inputs: Props, state: Props) -> None:
        if not self.type.there_from_the_start:
            self.services.arm.delete(object_id, self.type.api_version)

    def _put(self, object_id: str, inputs: Props) -> Props:
        return self.services.arm.put(object_id, self.type.api_version, self._body(inputs))

    def _after_write(self, object_id: str, made: Props, inputs: Props) -> Props:
        """A PUT may answer in another shape than a GET, and a refresh would then show it."""
        try:
            return self._outputs(self.services.arm.get(object_id, self.type.api_version))
        except WireError:
            return self._outputs(made)
        except ProviderError as error:
            raise HalfCreatedError(object_id, self._outputs(made), str(error)) from error

    def _body(self, inputs: Props) -> Props:
        body = self.type.to_wire(select(self.type.body, inputs))
        if not self.type.flattened:
            return body
        beside = {key: body.pop(key) for key in self.type.beside if key in body}
        return {**beside, "properties": body}

    def _outputs(self, found: Props) -> Props:
        if self.type.flattened or self.type.flattened_outputs:
            found = {**(found.get("properties") or {}), **found}
        return {**select(self.type.outputs, self.type.from_wire(found)), "azureApiVersion": self.type.api_version}


class SecretResource(ArmResource):
    """Deleted through the vault itself, where it stays recoverable; a create of the same name recovers it first."""

    def create(self, inputs: Props) -> tuple[str, Props]:
        object_id = self.type.id_of(inputs, self.services.subscription())
        self.services.arm.refuse_existing(object_id, self.type.api_version)
        conflicts = 0
        for _ in range(_RECOVERY_TRIES):
            try:
                made = self._put(object_id, inputs)
            except WireError as error:
                if error.status != 409:
                    raise
                recovered = self.services.vaults.recover_secret(inputs["vaultName"], inputs["secretName"])
                conflicts = 0 if recovered else conflicts + 1
                if conflicts == _CONFLICTS:
                    raise
                self.services.http.pause(_RECOVERY_GAP)
            else:
                return made.get("id") or object_id, self._outputs(made)
        raise ProviderError(f"timed out while recovering the soft-deleted secret {inputs['secretName']}")

    def delete(self, object_id: str, old_inputs: Props, state: Props) -> None:
        names = self.type.parameters_of(object_id)
        self.services.vaults.delete_secret(names["vaultName"], names["secretName"])


class KeyResource(ArmResource):
    """Resource Manager makes keys and never deletes one: that is the vault's own business, as with secrets."""

    def delete(self, object_id: str, old_inputs: Props, state: Props) -> None:
        names = self.type.parameters_of(object_id)
        self.services.vaults.delete_key(names["vaultName"], names["keyName"])


def resource_for(arm_type: ArmType, services: Services) -> ArmResource:
    if arm_type is SECRET:
        return SecretResource(arm_type, services)
    return (KeyResource if arm_type is KEY else ArmResource)(arm_type, services)
