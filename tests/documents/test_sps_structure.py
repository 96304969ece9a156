"""SPSCertificate 17 and SPSAcknowledgement 17 against the structure that UN/CEFACT publishes, element by element.

The table is written from the published structure and shares nothing with our schema: each line is a type with its
children in order and how often each may stand (`?` at most once, `*` any number, `+` at least once, else exactly once).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from lxml import etree

from node.documents import sps_acknowledgement
from node.documents.catalogue import CATALOGUE
from node.documents.kind import XmlKind
from node.documents.structure import PaperSchema
from node.safe_xml import Element

LIBRARY = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:21"
BASICS = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:21"
MESSAGE = "urn:un:unece:uncefact:data:standard:{}:17"

# Leaf forms: m moment, t text, i identifier, c code of any list, d code of digits, x code of three characters,
# n number, p package, q measure, y country, b binary, z indicator, e text that may be empty.
STRUCTURE = """
SPSExchangedDocument: Name+t ID=i Description*t TypeCode=d StatusCode=d IssueDateTime=m IssuerSPSParty?SPSParty
  IncludedSPSNote*SPSNote ReferenceSPSReferencedDocument*SPSReferencedDocument
  SignatorySPSAuthentication+SPSAuthentication
SPSConsignment: ID?i AvailabilityDueDateTime?m ExportExitDateTime?m ShipStoresIndicator?z ConsignorSPSParty=SPSParty
  ConsigneeSPSParty=SPSParty ExportSPSCountry=SPSCountry ReExportSPSCountry*SPSCountry StorageSPSEvent*SPSEvent
  LoadingBaseportSPSLocation?SPSLocation ImportSPSCountry=SPSCountry ConsigneeReceiptSPSLocation?SPSLocation
  TransitSPSCountry*SPSCountry TransitSPSLocation*SPSLocation UnloadingBaseportSPSLocation?SPSLocation
  ExaminationSPSEvent=SPSEvent CarrierSPSParty?SPSParty DespatchSPSParty?SPSParty DeliverySPSParty?SPSParty
  CustomsTransitAgentSPSParty?SPSParty MainCarriageSPSTransportMovement*SPSTransportMovement
  UtilizedSPSTransportEquipment*SPSTransportEquipment IncludedSPSConsignmentItem+SPSConsignmentItem
SPSConsignmentItem: NatureIdentificationSPSCargo*SPSCargo IncludedSPSTradeLineItem+SPSTradeLineItem
SPSCargo: TypeCode=c
SPSTradeLineItem: SequenceNumeric=n Description+t CommonName*t ScientificName*t ProductionBatchID*i IntendedUse*t
  ExpiryDateTime*m NetWeightMeasure?q GrossWeightMeasure?q NetVolumeMeasure?q GrossVolumeMeasure?q
  AdditionalInformationSPSNote*SPSNote ApplicableSPSClassification*SPSClassification PhysicalSPSPackage*SPSPackage
  AssociatedSPSTransportEquipment*SPSTransportEquipment OriginSPSCountry*SPSCountry OriginSPSLocation*SPSLocation
  AppliedSPSProcess*SPSProcess AssertedSPSAuthentication*SPSAuthentication
  ReferenceSPSReferencedDocument*SPSReferencedDocument
SPSParty: ID?i Name=t RoleCode?x TypeCode*c SpecifiedSPSAddress?SPSAddress DefinedSPSContact*SPSContact
  SpecifiedSPSPerson?SPSPerson
SPSContact: PersonName=t
SPSPerson: Name=t AttainedSPSQualification*SPSQualification
SPSQualification: Name+t AbbreviatedName*t
SPSAddress: PostcodeCode?c LineOne?t LineTwo?t LineThree?t LineFour?t LineFive?t CityName?t CountryID?y TypeCode?c
  CountryName?t CountrySubDivisionID?i CountrySubDivisionName?t CityID?i
SPSNote: Subject?t ContentCode*c Content+t SubjectCode?c
SPSReferencedDocument: IssueDateTime?m TypeCode?d RelationshipTypeCode=x ID=i AttachmentBinaryObject*b Information?t
SPSAuthentication: TypeCode?x ActualDateTime=m IssueSPSLocation?SPSLocation ProviderSPSParty=SPSParty
  LocationProviderSPSParty?SPSParty IncludedSPSClause+SPSClause
SPSClause: ID?i Content+e
SPSCountry: ID=y Name+t SubordinateSPSCountrySubDivision*SPSCountrySubDivision
SPSCountrySubDivision: ID?i Name+t HierarchicalLevelCode=c FunctionTypeCode?c
  SuperordinateSPSCountrySubDivision*SPSCountrySubDivision SubordinateSPSCountrySubDivision*SPSCountrySubDivision
  ActivityAuthorizedSPSParty*SPSParty
SPSLocation: ID?i Name+t
SPSEvent: OccurrenceSPSLocation=SPSLocation
SPSTransportMovement: ID?i ModeCode=n UsedSPSTransportMeans?SPSTransportMeans
SPSTransportMeans: Name=t
SPSTransportEquipment: ID=i AffixedSPSSeal*SPSSeal SettingSPSTemperature*SPSTemperature
SPSSeal: ID=i MaximumID?i IssuingSPSParty?SPSParty
SPSTemperature: ValueMeasure?q MinimumValueMeasure?q MaximumValueMeasure?q TypeCode?c
SPSPackage: LevelCode=n TypeCode=p ItemQuantity=q NominalGrossWeightMeasure?q NominalGrossVolumeMeasure?q
  PhysicalSPSShippingMarks*SPSShippingMarks
SPSShippingMarks: Marking=t
SPSClassification: SystemID?i SystemName+t ClassCode?c ClassName+t
SPSProcess: TypeCode=x CompletionSPSPeriod?SPSPeriod
  ApplicableSPSProcessCharacteristic*SPSProcessCharacteristic OperationSPSCountry?SPSCountry OperatorSPSParty?SPSParty
SPSPeriod: StartDateTime=m EndDateTime?m DurationMeasure?q
SPSProcessCharacteristic: TypeCode?c Description+t ValueMeasure?q MinimumValueMeasure?q MaximumValueMeasure?q
SPSAcknowledgementDocument: IssueDateTime=m StatusCode=d ReasonInformation*t
  ReferenceSPSReferencedDocument+SPSReferencedDocument
"""

ROOTS = {
    "SPSCertificate": ("SPSExchangedDocument", "SPSConsignment"),
    "SPSAcknowledgement": ("SPSAcknowledgementDocument",),
}
VALUES = {
    **dict.fromkeys("ti", "A"), "c": "A", "e": "", "d": "70", "x": "ZZZ", "n": "1", "p": "CT", "q": "1.5", "y": "XA",
    "b": "QQ==",
}  # fmt: skip


@dataclass(frozen=True)
class Child:
    name: str
    count: str
    type: str


def _types() -> dict[str, list[Child]]:
    found: dict[str, list[Child]] = {}
    for line in STRUCTURE.replace("\n  ", " ").strip().splitlines():
        name, _, children = line.partition(": ")
        found[name] = []
        for child in children.split():
            place = next(index for index, sign in enumerate(child) if sign in "=?*+")
            found[name].append(Child(child[:place], child[place], child[place + 1 :]))
    return found


TYPES = _types()
DEPTH = 2  # divisions of divisions: enough to see that the type is its own child


def _element(name: str, its_type: str, nested: int = 0) -> Element:
    element = etree.Element(f"{{{LIBRARY}}}{name}")
    if its_type == "m":
        etree.SubElement(element, f"{{{BASICS}}}DateTimeString").text = "2026-11-22T09:30:00Z"
    elif its_type == "z":
        etree.SubElement(element, f"{{{BASICS}}}Indicator").text = "true"
    elif its_type in VALUES:
        element.text = VALUES[its_type]
    else:
        for child in TYPES[its_type]:
            deeper = nested + (child.type == "SPSCountrySubDivision")
            if deeper <= DEPTH:
                element.append(_element(child.name, child.type, deeper))
    return element


def complete(message: str) -> Element:
    """A document in which each element stands once."""
    space = MESSAGE.format(message)
    root = etree.Element(f"{{{space}}}{message}")
    for name in ROOTS[message]:
        part = _element(name, name)
        part.tag = f"{{{space}}}{name}"
        root.append(part)
    return root


SCHEMAS: dict[str, PaperSchema] = {
    "SPSCertificate": next(
        kind.schema
        for kind in CATALOGUE.values()
        if isinstance(kind, XmlKind) and kind.name == "phytosanitary_certificate"
    ),
    "SPSAcknowledgement": sps_acknowledgement.SCHEMA,
}


def _places(root: Element) -> Iterator[tuple[Element, Child]]:
    """One parent of each type, and each of its children with what the table says about it."""
    seen: set[str] = set()
    waiting = [(part, etree.QName(part).localname) for part in root]
    while waiting:
        element, its_type = waiting.pop()
        if its_type not in TYPES:
            continue
        children = {child.name: child for child in TYPES[its_type]}
        for inside in element:
            child = children[etree.QName(inside).localname]
            if its_type not in seen:
                yield inside, child
            waiting.append((inside, child.type))
        seen.add(its_type)


def _said(schema: PaperSchema, root: Element) -> set[tuple[str, str]]:
    return {(etree.QName(breach.element).localname, breach.rule) for breach in schema.breaches(root)}


@pytest.mark.parametrize("message", ROOTS)
def test_a_document_with_everything_in_its_place_is_valid(message: str) -> None:
    assert SCHEMAS[message].breaches(complete(message)) == ()


def test_the_walk_sees_every_type_of_the_table() -> None:
    seen = {(child.name, child.type) for message in ROOTS for _, child in _places(complete(message))}
    wanted = {(child.name, child.type) for children in TYPES.values() for child in children}
    assert wanted <= seen


@pytest.mark.parametrize("message", ROOTS)
def test_an_element_that_is_absent_is_found_exactly_where_it_is_mandatory(message: str) -> None:
    root, schema = complete(message), SCHEMAS[message]
    for element, child in list(_places(root)):
        parent = element.getparent()
        assert parent is not None
        index = parent.index(element)
        parent.remove(element)
        expected = {(etree.QName(parent).localname, f"lacks {child.name}")} if child.count in "=+" else set()
        assert _said(schema, root) == expected, child
        parent.insert(index, element)


@pytest.mark.parametrize("message", ROOTS)
def test_an_element_that_stands_twice_is_found_exactly_where_it_may_not(message: str) -> None:
    root, schema = complete(message), SCHEMAS[message]
    for element, child in list(_places(root)):
        parent = element.getparent()
        assert parent is not None
        twin = etree.fromstring(etree.tostring(element))
        twin.tail = None
        element.addnext(twin)
        expected = {(child.name, "may stand here only once")} if child.count in "=?" else set()
        assert _said(schema, root) == expected, child
        parent.remove(twin)


@pytest.mark.parametrize("message", ROOTS)
def test_an_element_in_another_place_is_found_wherever_it_went(message: str) -> None:
    root, schema = complete(message), SCHEMAS[message]
    for element, child in list(_places(root)):
        parent = element.getparent()
        assert parent is not None
        index = parent.index(element)
        for target in {0, len(parent) - 1} - {index}:
            parent.remove(element)
            parent.insert(target, element)
            rules = {rule for _, rule in _said(schema, root)}
            assert rules, child
            assert all(rule.startswith("must stand") for rule in rules), (child, rules)
            parent.remove(element)
            parent.insert(index, element)
    assert schema.breaches(root) == ()


@pytest.mark.parametrize("message", ROOTS)
def test_an_element_of_another_namespace_is_found(message: str) -> None:
    root, schema = complete(message), SCHEMAS[message]
    for element, child in list(_places(root)):
        name = element.tag
        element.tag = f"{{{BASICS}}}{child.name}"
        assert (child.name, "is not known here") in _said(schema, root), child
        element.tag = name


@pytest.mark.parametrize("form", ["DateTimeString", "DateTime"])
def test_each_moment_has_one_of_two_forms(form: str) -> None:
    root = complete("SPSCertificate")
    for element in root.iter(f"{{{BASICS}}}DateTimeString"):
        element.tag = f"{{{BASICS}}}{form}"
    assert SCHEMAS["SPSCertificate"].breaches(root) == ()


def test_the_official_spelling_of_the_namespaces_is_the_only_one() -> None:
    text = etree.tostring(complete("SPSCertificate"))
    for before, after in ((b"standard:SPS", b"Standard:SPS"), (b"standard:Reus", b"Standard:Reus"), (b":21", b":22")):
        assert SCHEMAS["SPSCertificate"].breaches(etree.fromstring(text.replace(before, after)))
