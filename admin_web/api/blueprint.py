"""The one blueprint on which every resource of the API registers its routes."""

from __future__ import annotations

from flask import Blueprint

V1 = "/api/v1"
blueprint = Blueprint("api", __name__)
