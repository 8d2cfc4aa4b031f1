//! The contract carries exactly the facts: what tests/facts/partnerapi-schema.json states, the WSDL says, and nothing
//! else; and the schema that leads the gateway is the same again. The WSDL is read here by other means than in src/.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail loudly, in its helpers too")]

mod facts;
mod slim;
mod tree;

use std::process::Command;

use envoi::schema::contract;
use tree::Element;

/// The address that the tests serve documents for.
const BASE: &str = "https://soap.example.com:8443/mc";

/// The part that schema compilers take: `xsd:schema`, cut out of a WSDL as it is.
fn schema_text(wsdl: &str) -> &str {
    let start = wsdl.find("<xsd:schema ").expect("a schema");
    let end = wsdl.find("</xsd:schema>").expect("its end") + "</xsd:schema>".len();
    &wsdl[start..end]
}

/// Whether xmllint takes `instance` by the schema of `wsdl`; `None` (and a note) when there is no xmllint.
fn xmllint(wsdl: &str, instance: &str) -> Option<(bool, String)> {
    let dir = tempfile::tempdir().expect("a directory");
    let schema = schema_text(wsdl).replace(&format!("{BASE}/ETFrameworkFault.xsd"), "ETFrameworkFault.xsd");
    std::fs::write(dir.path().join("partnerapi.xsd"), schema).expect("written");
    std::fs::write(dir.path().join("ETFrameworkFault.xsd"), contract::fault_xsd()).expect("written");
    std::fs::write(dir.path().join("instance.xml"), instance).expect("written");
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet", "--schema", "partnerapi.xsd", "instance.xml"]).current_dir(dir.path());
    match command.output() {
        Ok(output) => Some((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "CI needs xmllint: {error}");
            eprintln!("NOT CHECKED: the schema was not compiled, there is no xmllint ({error})");
            None
        }
    }
}

const CREATE: &str = r#"<CreateRequest xmlns="http://exacttarget.com/wsdl/partnerAPI"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Options><RequestType>Asynchronous</RequestType></Options>
    <Objects xsi:type="Subscriber"><PartnerKey xsi:nil="true"/><EmailAddress>ada@example.com</EmailAddress>
    <Lists><ID>7</ID><Status>Active</Status></Lists></Objects></CreateRequest>"#;

#[test]
fn the_whole_schema_compiles_and_judges() {
    let wsdl = contract::wsdl(BASE);
    let Some((good, said)) = xmllint(&wsdl, CREATE) else { return };
    assert!(good, "{said}");
    let wrong = CREATE.replace("<ID>7</ID>", "<ID>seven</ID>");
    assert!(xmllint(&wsdl, &wrong).is_some_and(|(good, _)| !good), "a wrong value is seen");
    let fault = r#"<apifault xmlns="urn:fault.partner.exacttarget.com"><Code>17</Code><Message>Rate Limited</Message>
        <Params><Param>a</Param></Params></apifault>"#;
    assert!(xmllint(&wsdl, fault).is_some_and(|(good, _)| good), "the fault's schema is imported");
}

#[test]
fn served_addresses_are_the_clients_own() {
    let served = Element::parse(&contract::wsdl(BASE));
    assert_eq!(
        served.only("service").only("port").only("address").attribute("location"),
        Some(&*format!("{BASE}/Service.asmx"))
    );
    let import = served.only("types").only("schema").only("import").attribute("schemaLocation").map(str::to_owned);
    assert_eq!(import, Some(format!("{BASE}/ETFrameworkFault.xsd")));
    let slash = Element::parse(&contract::wsdl("http://h/?a=1&b=\"<"));
    let location = slash.only("service").only("port").only("address").attribute("location").map(str::to_owned);
    assert_eq!(location.as_deref(), Some("http://h/?a=1&b=\"</Service.asmx"));
}
