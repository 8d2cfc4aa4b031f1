//! Reading measured against quick-xml's bare loops over the same bytes: `cargo bench --bench read`,
//! or `cargo bench --bench read -- 1` for one size.
//!
//! Runs are interleaved and medians compared, so that a busy machine tells the same ratio.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{hint::black_box, sync::Arc, time::Duration};

use bytes::Bytes;
use envoi::{
    clock::Stopwatch,
    message::{Call, Operation},
    object::{Limits, Writer, decode, read, value},
    schema::Schema,
    soap,
};
use quick_xml::{NsReader, Reader, events::Event};

/// A name and what is measured under it.
type Run<'a> = (&'static str, Box<dyn Fn() + 'a>);

const ROUNDS: usize = 41;

fn main() {
    let schema = Arc::new(Schema::embedded().expect("the WSDL that is compiled in"));
    println!("median of {ROUNDS} interleaved runs; time for one document, and its ratio to the NsReader loop");
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for count in [1, 100, 1000].into_iter().filter(|count| asked.is_empty() || asked.contains(count)) {
        let document = create(count);
        let repeats = (600 / count).max(1);
        measure(&document, count, repeats, &schema);
    }
    memory(&schema);
}

fn measure(document: &str, count: usize, repeats: usize, schema: &Arc<Schema>) {
    let limits = Limits::default();
    let tree = read(document.to_owned(), schema, &limits).expect("well-formed");
    let runs: [Run<'_>; 8] = [
        ("bare NsReader", Box::new(|| resolved_events(document))),
        ("bare Reader", Box::new(|| events(document))),
        // The copy stands for the bytes that the server has read; it is measured too, and costs little.
        ("copy + read", Box::new(|| drop(black_box(read(document.to_owned(), schema, &limits))))),
        (
            "copy + decode + read",
            Box::new(|| {
                let text = decode(Bytes::from(document.as_bytes().to_vec()), Some("text/xml; charset=utf-8"));
                drop(black_box(read(text.expect("UTF-8"), schema, &limits)));
            }),
        ),
        ("envelope to Call", Box::new(|| call(document, schema, &limits, false))),
        ("… values checked", Box::new(|| call(document, schema, &limits, true))),
        (
            "to_object",
            Box::new(|| {
                for object in objects(&tree) {
                    black_box(object.to_object());
                }
            }),
        ),
        (
            "write the echo",
            Box::new(|| {
                let mut writer = Writer::with_capacity(document.len() * 2);
                for object in objects(&tree) {
                    writer.node("Object", object, &[("ID", "756891044")]);
                }
                black_box(writer.into_string());
            }),
        ),
    ];
    let mut times = runs.each_ref().map(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for ((_, run), times) in runs.iter().zip(&mut times) {
            let watch = Stopwatch::start();
            (0..repeats).for_each(|_| run());
            times.push(watch.elapsed());
        }
    }
    let medians = times.map(|mut times| {
        times.sort();
        times[ROUNDS / 2].div_f64(repeats as f64)
    });
    println!("\n{count} Subscribers, {} bytes", document.len());
    for ((name, _), time) in runs.iter().zip(medians) {
        println!("{name:>22} {:>10.2} us   {:>5.2}", micros(time), time.div_duration_f64(medians[0]));
    }
}

/// All that a request goes through until its call can be applied: decoded, read, out of its envelope, options read, and
/// every value of every object checked against its declared type.
fn call(document: &str, schema: &Arc<Schema>, limits: &Limits, values: bool) {
    let text = decode(Bytes::from(document.as_bytes().to_vec()), Some("text/xml; charset=utf-8")).expect("UTF-8");
    let tree = read(text, schema, limits).expect("well-formed");
    let envelope = soap::open(&tree).expect("an envelope");
    let call = Call::new(Operation::Create, &envelope).expect("a call");
    if values {
        call.objects.iter().for_each(|object| value::check_node(*object).expect("values of their types"));
    }
    black_box(call.objects.len());
}

fn objects(tree: &envoi::object::Tree) -> impl Iterator<Item = envoi::object::Node<'_>> {
    let request = tree.root().child("Body").and_then(|body| body.child("CreateRequest")).expect("a message");
    request.children_named("Objects")
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// What a call holds at once: the text (the bytes of the body, not copied) and the tree, by their capacities.
fn memory(schema: &Arc<Schema>) {
    let document = create(1000);
    let bytes = document.len();
    let text = decode(Bytes::from(document), None).expect("UTF-8");
    let tree = read(text, schema, &Limits::default()).expect("well-formed");
    let held = tree.heap_bytes();
    println!("\n1,000 Subscribers: tree and text hold {held} bytes, {:.2} of the document", held as f64 / bytes as f64);
}

fn events(document: &str) {
    let mut reader = Reader::from_str(document);
    while !matches!(black_box(reader.read_event()), Ok(Event::Eof) | Err(_)) {}
}

fn resolved_events(document: &str) {
    let mut reader = NsReader::from_str(document);
    while !matches!(black_box(reader.read_resolved_event()), Ok((_, Event::Eof)) | Err(_)) {}
}

/// A Create as a .NET proxy writes it, with 583 bytes for each Subscriber.
fn create(count: usize) -> String {
    let mut text = String::from(HEAD);
    for at in 0..count {
        let object = format!(
            "<Objects xsi:type=\"Subscriber\"><PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" />\
             <EmailAddress>someone.{at:06}@example.com</EmailAddress>\
             <Attributes><Name>First Name</Name><Value>Ann &amp; Bob</Value></Attributes>\
             <Attributes><Name>Last Name</Name><Value>O&apos;Neill</Value></Attributes>\
             <Attributes><Name>City</Name><Value>Saint-&#201;tienne</Value></Attributes>\
             <SubscriberKey>subscriber-{at:06}</SubscriberKey><Status>Active</Status>\
             <Lists><PartnerKey xsi:nil=\"true\" /><ID>1729</ID><ObjectID xsi:nil=\"true\" />\
             <Status>Active</Status></Lists></Objects>"
        );
        text.push_str(&object);
        // White space up to the size that earlier measurements had.
        text.extend(std::iter::repeat_n('\n', 583_usize.saturating_sub(object.len())));
    }
    text.push_str("</CreateRequest></s:Body></s:Envelope>");
    // As a body of known length comes.
    text.shrink_to_fit();
    text
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
    <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\
    <s:Header><h:fueloauth xmlns:h=\"http://exacttarget.com\">0123456789abcdef0123456789abcdef</h:fueloauth></s:Header>\
    <s:Body><CreateRequest xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Options><RequestType>Synchronous</RequestType></Options>";
