//! What a demonstration begins with: a list with three subscribers on it, a data extension with two rows, made by the keepers
//! that serve requests.

use crate::{
    clock::Time,
    message::{Options, Row},
    object::{Limits, read},
    store::{Internal, StoreError, Transaction},
};

use super::{Backend, Work, keeper, plan::Method, row::Tables, walk};

const DEMO: &str = r#"<CreateRequest xmlns="http://exacttarget.com/wsdl/partnerAPI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Objects xsi:type="List"><CustomerKey>demo-list</CustomerKey><ListName>Demo List</ListName><Description>Made by envoi demo</Description></Objects>
  <Objects xsi:type="Subscriber"><EmailAddress>ada@example.com</EmailAddress><Attributes><Name>First Name</Name><Value>Ada</Value></Attributes><SubscriberKey>ada</SubscriberKey><Lists><CustomerKey>demo-list</CustomerKey></Lists></Objects>
  <Objects xsi:type="Subscriber"><EmailAddress>grace@example.com</EmailAddress><Attributes><Name>First Name</Name><Value>Grace</Value></Attributes><SubscriberKey>grace</SubscriberKey><Lists><CustomerKey>demo-list</CustomerKey></Lists></Objects>
  <Objects xsi:type="Subscriber"><EmailAddress>alan@example.com</EmailAddress><Attributes><Name>First Name</Name><Value>Alan</Value></Attributes><SubscriberKey>alan</SubscriberKey><Lists><CustomerKey>demo-list</CustomerKey></Lists></Objects>
  <Objects xsi:type="DataExtension"><CustomerKey>demo-orders</CustomerKey><Name>Demo Orders</Name><Description>Made by envoi demo</Description><Fields>
    <Field><Name>OrderID</Name><IsPrimaryKey>true</IsPrimaryKey><FieldType>Number</FieldType></Field>
    <Field><Name>Email</Name><IsRequired>true</IsRequired><FieldType>EmailAddress</FieldType></Field>
    <Field><Name>Total</Name><Scale>2</Scale><MaxLength>18</MaxLength><FieldType>Decimal</FieldType></Field>
    <Field><Name>Placed</Name><FieldType>Date</FieldType></Field>
  </Fields></Objects>
  <Objects xsi:type="DataExtensionObject"><CustomerKey>demo-orders</CustomerKey><Properties>
    <Property><Name>OrderID</Name><Value>1</Value></Property><Property><Name>Email</Name><Value>ada@example.com</Value></Property>
    <Property><Name>Total</Name><Value>19.90</Value></Property><Property><Name>Placed</Name><Value>2014-03-26T10:02:01Z</Value></Property>
  </Properties></Objects>
  <Objects xsi:type="DataExtensionObject"><CustomerKey>demo-orders</CustomerKey><Properties>
    <Property><Name>OrderID</Name><Value>2</Value></Property><Property><Name>Email</Name><Value>grace@example.com</Value></Property>
    <Property><Name>Total</Name><Value>240.00</Value></Property><Property><Name>Placed</Name><Value>2014-03-27T16:30:00Z</Value></Property>
  </Properties></Objects>
</CreateRequest>"#;

/// Makes what a demonstration begins with, once in the life of a store: what was deleted since does not come back.
///
/// Gives a row per object, none when it was done before.
///
/// # Errors
/// The store's.
pub fn demo(backend: &Backend, txn: &mut Transaction<'_>, account: u64, now: Time) -> Result<Vec<Row>, StoreError> {
    let mark = format!("demo/{account}");
    if txn.setting(&mark)?.is_some() {
        return Ok(Vec::new());
    }
    txn.put_setting(&mark, b"1")?;
    create(backend, txn, account, now, DEMO)
}

/// Makes the objects of a CreateRequest of our own.
fn create(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    account: u64,
    now: Time,
    request: &str,
) -> Result<Vec<Row>, StoreError> {
    let tree = match read(request.to_owned(), &backend.schema, &Limits::default()) {
        Ok(tree) => tree,
        Err(error) => return Ok(vec![Row::error(0, crate::message::code::EXCEPTION.code, error.to_string())]),
    };
    let options = Options::default();
    let mut tables = Tables::default();
    walk::each(txn, tree.root().children_named("Objects"), |txn, _, node| {
        let mut work = Work { backend, txn, client: &Internal(account), caller: None, now, tables: &mut tables };
        let name = node.ty().map_or("", |ty| backend.schema.type_name(ty));
        keeper::apply(&mut work, name, Method::Create, node, &options)
    })
}
