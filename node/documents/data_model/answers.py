"""Where an answer about an SPS certificate stands in the WCO data model: it is no kind, but its schema is ours too."""

from collections.abc import Mapping

from node.documents.data_model.homes import Home, homes_of
from node.documents.data_model.places import Place, xml_places
from node.documents.data_model.table import HERE, Row, rows_of
from node.documents.sps_acknowledgement import RSM, SCHEMA

NAME, TITLE = "SPSAcknowledgement 17", "檢疫證明書回覆"
_TABLE = HERE / "sps_acknowledgement_17.txt"
_SHARED = HERE / "phytosanitary_certificate_1.txt"
"""Structures that certificate and answer have in common are described once."""

RESPONSE = "Response"
"""The class of the WCO data model for what an authority answers."""


def answer_places() -> Mapping[str, Place]:
    """Every place that the schema of the answer allows."""
    return xml_places(SCHEMA.tables, f"{RSM}SPSAcknowledgement")


def own_rows() -> Mapping[str, Row]:
    """The rows that only the answer has."""
    return rows_of(_TABLE)


def answer_rows() -> Mapping[str, Row]:
    """These, and those of the structures that it shares with the certificate."""
    return {**rows_of(_SHARED), **own_rows()}


def answer_homes() -> list[Home]:
    """Every place of the answer with its home."""
    return homes_of(answer_rows(), answer_places(), "SPSAcknowledgementType", RESPONSE)
