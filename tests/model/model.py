"""The contract once more, as plainly as it can be said: PUT, DELETE and GET over a dictionary of issues.

Written from docs/contract.md, whose sections the comments name, and not from the service; it imports nothing of the
service and no Django (pyproject.toml sees to that). It is slow, keeps everything in memory and serves one request at a
time: whatever many requests at once lead to must be what *it* leads to in some order (tests/model/histories.py).

Issues are frozen values that are replaced, so that a copy of the whole model costs next to nothing.
"""

import json
import re
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from tests.model.bodies import Refused, Wish, read_body
from tests.model.counting import Counting
from tests.model.messages import Expected, Request
from tests.model.state import LATEST
from tests.model.telling import Telling, counted, ends_of, link_of, nothing_done, tell, tell_ignored
from tests.model.things import Mutation, Release
from tests.model.undoing import Undoing

# 1.3: keys of a body that say which issues.
WHICH = re.compile(
    r"((issue|group)?_?ids?|issues?|groups?)(\[.*\])?|level|project|environment|first_seen", re.IGNORECASE
)


class Model(Undoing, Counting, Telling):
    """The whole: one request after the other."""

    def copy(self) -> "Model":
        return replace(  # all else is replaced, not changed
            self,
            issues=dict(self.issues),
            mutations=dict(self.mutations),
            kinds=dict(self.kinds),
            deleted=dict(self.deleted),
        )

    def name_latest(self, pk: int) -> None:
        """Give the latest mutation its id."""
        self.mutations[pk] = self.mutations.pop(LATEST)

    def key(self) -> object:
        """Return a value that two models have in common exactly when everything is the same in both."""
        return frozenset(self.issues.values()), self.releases, self.waiting

    def answer(self, request: Request, at: datetime) -> Expected:
        """Do what is asked, all of it or nothing, and return the answer."""
        after = self.copy()
        expected = after._answer(request, at)
        counted = "Issues-Matched" in expected.headers and "Issues-Out-Of-Scope" not in expected.headers
        if counted and request.expected not in (None, int(expected.headers["Issues-Matched"])):
            return Expected(412, wrong={"detail": None})
        if ("preview", "true") in request.query:  # 6: the same, but nothing is written
            return self._without_traces(expected)
        for each in fields(self):
            setattr(self, each.name, getattr(after, each.name))
        return expected

    def _without_traces(self, expected: Expected) -> Expected:
        """6: a preview has no mutation, and tells a link only where it is there already."""
        headers = {name: value for name, value in expected.headers.items() if name != "Mutation-Id"}
        known = {link_of(issue) for issue in self.issues.values() if issue.is_public}

        def tell_known(told: re.Match[str]) -> str:
            return told[0] if told[1] in known else ""

        body = re.sub(r', "shareId": "(link [0-9.]+)"', tell_known, expected.body)
        return replace(expected, body=body, headers=headers)

    def _answer(self, request: Request, at: datetime) -> Expected:
        try:
            match request.method, request.path.partition("/"):
                case "PUT", ("issues", "", _):
                    return self._put(request, at)
                case "DELETE", ("issues", "", _):
                    return self._delete(request, at)
                case "GET", ("issues", "", _):
                    return self._list(request, at)
                case "GET", ("issues", "/", word):
                    return self._whole(int(word), at)
                case "POST", ("releases", "", _):
                    self._release_comes(Release(json.loads(request.body)["version"], at))
                    return Expected(201)
                case "POST", ("mutations", "/", rest):
                    self._read_scope(request, None)  # which is of a preview at most
                    return self._undo(int(rest.removesuffix("/undo")), self.place.callers[request.who], at)
        except Refused as refusal:
            return Expected(400, wrong=refusal.wrong)
        raise ValueError(f"The model knows no such request: {request}")

    # --- PUT, DELETE ---

    def _put(self, request: Request, at: datetime) -> Expected:
        """1.1, from check 4 on; who calls here has all scopes and sees the project."""
        user = self.place.callers[request.who]
        scope = self._read_scope(request, user)
        body = read_body(request.body)
        wish = self._read_wish(body, user, at)
        ignored = tell_ignored(body)
        self._check_names(scope, hidden=wish == Wish(merge=False))
        if scope.ids is None and (not wish.is_status_only or any(map(WHICH.fullmatch, body))):
            raise Refused({"detail": "You must specify a list of IDs for this operation"})
        missing = self._missing(scope, hidden=wish == Wish(merge=False))
        if missing:
            return nothing_done(missing, ignored)

        ids = self._matching(scope, user, at)
        before = {pk: self.issues[pk] for pk in ids}
        named = scope.ids is not None
        for pk in ids:
            self.issues[pk] = self._remembered(
                before[pk], self._changed(before[pk], wish, user, at, named=named), self.numbers + 1, at
            )
        changed = {pk for pk in ids if self._differs(before[pk], self.issues[pk], wish, user, at)}
        marks = {} if user is None else self._marks_changed(before, wish, user.id)
        merged: Any = wish.merge
        made: dict[int, int] = {}
        cut: dict[int, int] = {}
        if wish.merge and len(ids) > 1:
            parent, children = self._merge(ids, user, at)
            merged = {"parent": str(parent), "children": [str(pk) for pk in children]}
            made = dict.fromkeys(children, parent)
        if wish.merge is False:
            cut = self._unmerge(ids, user, at)
        changed |= ends_of(made) | ends_of(cut)
        if changed:
            whose = None if user is None else user.id
            self._keep(Mutation(self.numbers + 1, at, whose, marks=marks, made=made, cut=cut))

        link = link_of(self.issues[ids[0]]) if wish.is_public and len(ids) == 1 else None
        told = tell(body, wish, user, merged, link)
        return Expected(200, json.dumps(told), counted(len(ids), len(changed)) | ignored)

    def _delete(self, request: Request, at: datetime) -> Expected:
        """3"""
        user = self.place.callers[request.who]
        scope = self._read_scope(request, user)
        self._check_names(scope, hidden=False)
        if scope.ids is None:
            raise Refused({"detail": "You must specify a list of IDs for this operation"})
        missing = self._missing(scope, hidden=False)
        if missing:
            return nothing_done(missing, {})
        ids = self._matching(scope, user, at)
        doomed = {below for pk in ids for below in (pk, *self._under(pk))}
        for pk in doomed:
            del self.issues[pk]
        self.deleted |= {kind: at for kind, pk in self.kinds.items() if pk in doomed}
        self.kinds = {kind: pk for kind, pk in self.kinds.items() if pk not in doomed}
        for number, kept in self.mutations.items():  # a merge is told by its parent alone
            made = {child: parent for child, parent in kept.made.items() if parent not in doomed}
            self.mutations[number] = replace(kept, made=made)
        if doomed:
            self._keep(Mutation(self.numbers + 1, at, None, deletes=True))
        return Expected(204, "", counted(len(ids), len(doomed)))
