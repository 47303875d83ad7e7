"""The policy pack: what every Airflow sign-on with Entra ID must satisfy, whatever program declares it.

The pack reads plain azuread and azure-native resources and imports nothing of the rest of this project, so that a team
with another Pulumi program can run it too: `pulumi preview --policy-pack policies`.
"""
