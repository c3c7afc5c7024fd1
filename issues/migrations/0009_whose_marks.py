from django.db import migrations

YES = {"t", "y", "yes", "true", "on", "1"}  # as DRF reads a boolean
MARKS = {
    "seen_ids": ("hasSeen", "has_seen"),
    "bookmark_ids": ("isBookmarked", "is_bookmarked"),
    "subscription_ids": ("isSubscribed", "is_subscribed"),
}


def tell_whose_marks(apps, schema_editor):
    """Until now, marks were the caller's, and only the body told which way they went."""
    mutations = apps.get_model("issues", "Mutation").objects.using(schema_editor.connection.alias)
    for ids, (key, column) in MARKS.items():
        for mutation in mutations.exclude(**{ids: []}).only("body", "user").iterator():
            mutations.filter(pk=mutation.pk).update(
                **{"marks_of": mutation.user_id, column: str(mutation.body.get(key)).strip().lower() in YES}
            )


class Migration(migrations.Migration):
    dependencies = [("issues", "0008_undo")]

    operations = [migrations.RunPython(tell_whose_marks, migrations.RunPython.noop)]
