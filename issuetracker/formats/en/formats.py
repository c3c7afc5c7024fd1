"""How the admin writes times: as the API does. Read by Django (FORMAT_MODULE_PATH), which asks no setting for it."""

DATETIME_FORMAT = "Y-m-d H:i"
