"""A contract for import-linter: no module imports itself by way of others, wherever the import stands.

import-linter's own `acyclic_siblings` looks at packages: a package's service may import its neighbours' models here.
"""

from graphlib import CycleError, TopologicalSorter

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output


class NoCircles(Contract):
    """Imports inside functions and under TYPE_CHECKING count: who reads one module of a circle reads all of them."""

    type_name = "no_circles"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        imports = {module: sorted(graph.find_modules_directly_imported_by(module)) for module in sorted(graph.modules)}
        try:
            TopologicalSorter(imports).prepare()
        except CycleError as error:
            return ContractCheck(kept=False, metadata={"circle": error.args[1][::-1]})
        return ContractCheck(kept=True)

    def render_broken_contract(self, check: ContractCheck) -> None:
        output.print_error(" -> ".join(check.metadata["circle"]))
        output.new_line()
        output.print("Move what they share into a module of its own, or hand it over as an argument.")
