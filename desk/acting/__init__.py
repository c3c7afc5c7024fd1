"""What can be done to issues at the desk: chosen, looked at before and after, confirmed, and undone.

Nothing here writes: a wish is read by the API's own serializer, and done by the services that the API calls.

A page offers actions on one issue by ``{% include "desk/act/buttons.html" with offered=... ids=ISSUE.id %}``, with
``offered`` from :func:`desk.acting.actions.offered_for`. Each button posts to ``desk:act``, with the issue's id and the
way back (``here``, of every page's context). What needs no words and can be undone is done at once, and a message has
the undo; the rest shows its page first. Keys (``data-key``) press these buttons (desk.js).

A message with an undo is made by :func:`desk.acting.attempting.say_done`, from the ids of mutations.
"""
