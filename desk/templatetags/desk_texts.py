"""Texts from outside in templates: ``{{ title|visible }}``."""

from django import template

from desk.texts import visible

register = template.Library()
register.filter("visible", visible)
