"""Airflow's sign-on with Entra ID: everything that one stack declares."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pulumi
import pulumi_azuread as azuread

from airflow_entra.access import AccessPlan, DeclaredStack, lifetimes
from airflow_entra.access.airflow_urls import AirflowUrls, urls
from airflow_entra.components.app_registration import AppRegistration
from airflow_entra.components.client_credential import ClientCredential
from airflow_entra.components.hand_over import hand_over
from airflow_entra.components.ownership import ownership
from airflow_entra.components.part import Part
from airflow_entra.components.role_groups import RoleGroups
from airflow_entra.components.watcher import Watcher
from airflow_entra.directory.tenant import Denied, LiveTenant
from airflow_entra.errors import AnswerError
from airflow_entra.settings import durations
from airflow_entra.settings.model import CreatedVault, VaultSecret
from airflow_entra.settings.watching import watcher_credential


class AirflowSignOn(Part):
    """The component that a stack consists of. `outputs` are the program's outputs by name.

    `folder` is the stack file's: a certificate's path starts there. `hand_over_file` is written only where a part is
    left to the identity team. `tenant` answers what only the live directory knows; nothing in it is changed by asking.
    `warnings` are told with the component's own. `deploys` is False where whoever runs this only looks.
    `held` are the application permissions that an older release gave to the application that people sign in to.
    """

    outputs: Mapping[str, pulumi.Input[Any]]

    def __init__(
        self,
        stack: DeclaredStack,
        *,
        folder: Path,
        hand_over_file: Path,
        tenant: LiveTenant,
        warnings: Sequence[str] = (),
        now: datetime | None = None,
        deploys: bool = True,
        held: Sequence[str] = (),
    ) -> None:
        super().__init__("airflow")
        settings = stack.settings
        self._stack, self._tenant = stack, tenant
        self._warnings: list[pulumi.Input[str | list[str]]] = [*warnings, *lifetimes.warnings(settings)]
        airflows = tuple(urls(airflow.version, airflow.url) for airflow in settings.airflow)
        deployer = azuread.get_client_config_output(opts=pulumi.InvokeOptions(parent=self)).object_id

        who = deployer if deploys else None
        self._owned = ownership(settings, who, tenant)
        self._warnings.append(self._owned.warnings)
        self.registration = AppRegistration(stack, airflows, self._owned, self, held)
        application, principal = self.registration.application, self.registration.service_principal
        self.groups = RoleGroups(stack, principal, self, self._owned.admins)
        now = now or datetime.now(UTC)
        self.credential = ClientCredential(settings.credential, application, folder, now, self)
        self.watcher = Watcher(stack, self._owned, folder, now, self) if settings.watched else None
        facts = dict(self.credential.facts)
        if isinstance(settings.credential, VaultSecret):
            facts |= self._vault(settings.credential, deployer)
        self._lifetimes()
        handed_over = hand_over(
            stack,
            {
                "application": application.object_id,
                "client": application.client_id,
                "service_principal": principal.object_id,
                "watcher": self.watcher.service_principal if self.watcher else "",
            },
            self.groups.object_ids,
            tenant,
            hand_over_file,
        )
        if handed_over is not None:
            self._warnings.append(handed_over.warnings)
        self.outputs = self._outputs(airflows, facts) | (
            {"handOver": handed_over.facts} if handed_over is not None else {}
        )
        self.register_outputs({})

    def _vault(self, credential: VaultSecret, deployer: pulumi.Input[str]) -> dict[str, Any]:
        # azure-native costs 50 ms to import: only where there is a vault.
        from airflow_entra.components.secret_vault import SecretVault

        soft_deleted: pulumi.Output[bool | Denied] = pulumi.Output.from_input(False)
        if isinstance(credential.vault, CreatedVault):
            soft_deleted = pulumi.Output.from_input(asyncio.to_thread(self._soft_deleted, credential.vault.create))
            self._warnings.append(soft_deleted.apply(lambda found: str(found) if isinstance(found, Denied) else ""))
        recover = soft_deleted.apply(lambda found: found is True)
        watchers = watcher_credential(self._stack.settings)
        watcher: tuple[VaultSecret, ClientCredential] | None = None
        if isinstance(watchers, VaultSecret) and self.watcher and self.watcher.credential:
            watcher = watchers, self.watcher.credential
        vault = SecretVault(
            self._stack.settings, credential, self.credential, deployer, recover, self, self._tenant, watcher
        )
        if self.watcher is not None:
            self.watcher.facts |= vault.watcher_facts
        return vault.facts

    def _soft_deleted(self, vault: str) -> bool | Denied:
        try:
            return self._tenant.vault_is_soft_deleted(
                self._stack.settings.subscription_id or "", self._stack.settings.location or "", vault
            )
        except AnswerError as error:
            raise pulumi.RunError(str(error)) from None

    def _lifetimes(self) -> None:
        sign_in, manage = self._stack.settings.sign_in, self._stack.settings.tenant.manage
        application = self.registration.application
        if self._stack.settings.makes_token_lifetime_policy:
            from airflow_entra.components.token_lifetime import TokenLifetime

            TokenLifetime(self._stack, application.object_id, self)
        if sign_in.sign_in_frequency is not None and manage.conditional_access == "managed":
            from airflow_entra.components.sign_in_frequency import SignInFrequency

            principal = self.registration.service_principal
            SignInFrequency(sign_in.sign_in_frequency, self._stack.name, application.client_id, principal, self)

    def _outputs(self, airflows: tuple[AirflowUrls, ...], credential: dict[str, Any]) -> dict[str, pulumi.Input[Any]]:
        settings, sign_in = self._stack.settings, self._stack.settings.sign_in
        application, principal = self.registration.application, self.registration.service_principal
        return {
            "tenantId": settings.tenant_id,
            "clientId": application.client_id,
            "applicationObjectId": application.object_id,
            "servicePrincipalObjectId": principal.object_id,
            "environment": settings.environment,
            "airflow": [
                {
                    "version": airflow.version,
                    "url": airflow.url,
                    "redirectUri": airflow.redirect_uri,
                    "logoutUrl": airflow.logout_url,
                }
                for airflow in airflows
            ],
            "rolesFrom": sign_in.roles_from,
            "roles": _roles(self._stack.plan, self.groups.object_ids),
            "tokenLifetime": sign_in.token_lifetime and durations.format(sign_in.token_lifetime),
            "signInFrequency": sign_in.sign_in_frequency and durations.format(sign_in.sign_in_frequency),
            "airflowSession": durations.format(sign_in.airflow_session),
            "longestDagRun": sign_in.longest_dag_run and durations.format(sign_in.longest_dag_run),
            "credential": credential,
            **({"workloads": self._owned.workloads} if self._owned.workloads is not None else {}),
            **({"watcher": self.watcher.facts} if self.watcher else {}),
            "warnings": pulumi.Output.all(*self._warnings).apply(_flat),
        }


def _roles(access: AccessPlan, ids: Mapping[str, pulumi.Input[str] | None]) -> dict[str, list[dict[str, Any]]]:
    return {
        role: [{"group": access.groups[key].name, "id": ids[key], "source": access.groups[key].source} for key in keys]
        for role, keys in access.roles.items()
    }


def _flat(warnings: list[Any]) -> list[str]:
    """One list of texts from texts and lists of them; an empty text is no warning."""
    nested = [item if isinstance(item, list) else [item] for item in warnings]
    return [text for texts in nested for text in texts if text]
