"""How providers bridged from Terraform treat inputs and state: checks, defaults, differences, imports. No network."""
