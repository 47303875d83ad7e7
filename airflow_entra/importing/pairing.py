"""Who of the directory an Airflow user probably is. Proposals for a person to judge: an address proves nobody. Pure.

Whoever may set an address or a user name, in Airflow or in the directory, could otherwise take over somebody's past.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from airflow_entra.directory.membership import Account
from airflow_entra.importing.airflow_users import AirflowUser

Proposal = Literal["exact", "ambiguous", "none", "disabled", "guest"]


@dataclass(frozen=True)
class Pair:
    """A user, and the accounts that it may be; of an exact, disabled or guest one there is one."""

    user: AirflowUser
    proposal: Proposal
    because: str
    candidates: tuple[Account, ...] = ()


def pairs(users: Iterable[AirflowUser], accounts: Sequence[Account]) -> list[Pair]:
    """One for each user whose name isn't an object id of the directory already, in the export's order."""
    known = _Index(accounts)
    found = [_pair(user, known) for user in users if user.user_name.casefold() not in known.ids]
    wanted = Counter(
        pair.candidates[0].id for pair in found if len(pair.candidates) == 1 and pair.proposal != "ambiguous"
    )
    return [_alone(pair, wanted) for pair in found]


class _Index:
    """Accounts by what they are called; each word may be several people's."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.ids = {account.id.casefold() for account in accounts}
        self.addresses = _by(((account.mail, account.sign_in_name), account) for account in accounts)
        self.handles = _by(((account.sign_in_name.partition("@")[0],), account) for account in accounts)
        self.names = _by(((account.name,), account) for account in accounts)


def _by(named: Iterable[tuple[tuple[str | None, ...], Account]]) -> Mapping[str, list[Account]]:
    index: defaultdict[str, list[Account]] = defaultdict(list)
    for words, account in named:
        for word in {word.casefold() for word in words if word}:
            index[word].append(account)
    return index


def _pair(user: AirflowUser, known: _Index) -> Pair:
    strong = _unique([*_find(known.addresses, user.email), *_find(known.addresses, user.user_name)])
    if len(strong) == 1:
        return _exact(user, strong[0])
    if strong:
        what = "its address and its user name are different people's, or several people have the address"
        return Pair(user, "ambiguous", what, tuple(strong))
    alike = _unique([*_find(known.handles, user.user_name), *_find(known.names, user.name)])
    if alike:
        what = "nobody has its address; its user name or display name looks like theirs, which proves nothing"
        return Pair(user, "ambiguous", what, tuple(alike[:5]))
    return Pair(user, "none", "nobody in the directory has its address, user name or display name")


def _exact(user: AirflowUser, account: Account) -> Pair:
    same = user.email.casefold() in _addresses(account) and user.email
    because = f"its {'address' if same else 'user name'} is {account.sign_in_name}'s"
    if not account.enabled:
        return Pair(user, "disabled", f"{because}, whose account is disabled", (account,))
    if account.guest:
        return Pair(user, "guest", f"{because}, a guest, whose address another tenant sets", (account,))
    return Pair(user, "exact", because, (account,))


def _addresses(account: Account) -> set[str]:
    return {word.casefold() for word in (account.mail, account.sign_in_name) if word}


def _find(index: Mapping[str, list[Account]], word: str) -> list[Account]:
    return index.get(word.casefold(), []) if word else []


def _unique(accounts: Iterable[Account]) -> list[Account]:
    return list({account.id: account for account in accounts}.values())


def _alone(pair: Pair, wanted: Mapping[str, int]) -> Pair:
    """Two users of one person: at most one of them is theirs, and only a person can say which."""
    if pair.proposal != "ambiguous" and len(pair.candidates) == 1 and wanted[pair.candidates[0].id] > 1:
        return replace(pair, proposal="ambiguous", because=f"{pair.because}, and so are another user's")
    return pair
