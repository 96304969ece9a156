"""Names of SPSCertificate 17 that several modules use, in Clark notation."""

RSM = "{urn:un:unece:uncefact:data:standard:SPSCertificate:17}"
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:21}"
UDT = "{urn:un:unece:uncefact:data:standard:UnqualifiedDataType:21}"

DOCUMENT = f"{RSM}SPSExchangedDocument"
CONSIGNMENT = f"{RSM}SPSConsignment"
LINES = (CONSIGNMENT, f"{RAM}IncludedSPSConsignmentItem", f"{RAM}IncludedSPSTradeLineItem")
