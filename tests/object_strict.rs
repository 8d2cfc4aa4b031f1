//! What is well-formed and what is not, by our own examples: each is one rule of XML 1.0 or Namespaces in XML.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "object/schema.rs"]
mod schema;

use envoi::object::{Limits, ReadErrorKind, read};

const ILL_FORMED: &[&str] = &[
    // No document, or more than one.
    "",
    " \n",
    "text",
    "<!-- alone -->",
    "<a>",
    "<a><b></a>",
    "<a><b></a></b>",
    "</a>",
    "<a/></a>",
    "<a/><b/>",
    "<a></a><a></a>",
    "<a/>text",
    "text<a/>",
    "<a/>&amp;",
    "&#32;<a/>",
    "<a/><![CDATA[]]>",
    "<![CDATA[]]><a/>",
    "\u{FEFF}<a/>",
    // Markup.
    "<",
    "<a",
    "<a/",
    "<a><",
    "<>a</>",
    "< a/>",
    "<a / >",
    "<a></ a>",
    "<a></a b='1'>",
    "<a></a/>",
    "<a></A>",
    "<a><!</a>",
    "<a><!a></a>",
    "<a><![CDATA[</a>",
    "<a><![cdata[]]></a>",
    "<a><![ CDATA[]]></a>",
    "<a>]]></a>",
    "<a>x]]>y</a>",
    "<a>]]]></a>",
    // Names.
    "<1a/>",
    "<-a/>",
    "<.a/>",
    "<a\u{D7}/>",
    "<a;b/>",
    "<a,b/>",
    "<a 1b='c'/>",
    "<a b\u{2000}='c'/>",
    // Attributes.
    "<a b/>",
    "<a b=/>",
    "<a b=c/>",
    "<a b='c/>",
    "<a b='c\"/>",
    "<a b='c'd='e'/>",
    "<a b='c' b='d'/>",
    "<a 'b'/>",
    "<a ='b'/>",
    "<a b='<'/>",
    "<a b='&'/>",
    "<a b='&c'/>",
    "<a b='&c;'/>",
    "<a b='&#0;'/>",
    "<a b='c' / d='e'>",
    "<a b == 'c'/>",
    // References.
    "<a>&</a>",
    "<a>& </a>",
    "<a>&amp</a>",
    "<a>&nbsp;</a>",
    "<a>&AMP;</a>",
    "<a>&;</a>",
    "<a>&#;</a>",
    "<a>&#x;</a>",
    "<a>&#xG;</a>",
    "<a>&#X41;</a>",
    "<a>&#1;</a>",
    "<a>&#xD800;</a>",
    "<a>&#xFFFF;</a>",
    "<a>&#x110000;</a>",
    "<a>&#4294967361;</a>",
    "<a>&#-65;</a>",
    // Characters.
    "<a>\u{0}</a>",
    "<a>\u{8}</a>",
    "<a b='\u{1B}'/>",
    "<a>\u{FFFE}</a>",
    "<a><!--\u{C}--></a>",
    "<a/>\u{1A}",
    // Comments and instructions.
    "<a><!-- -- --></a>",
    "<a><!-- ---></a>",
    "<a><!--></a>",
    "<a><!---></a>",
    "<!--<a/>",
    "<a><? b?></a>",
    "<a><??></a>",
    "<a><?b></a>",
    "<a><?1?></a>",
    "<a><?b??></a>",
    "<a><?b+c?></a>",
    "<a><?xml version='1.0'?></a>",
    "<a><?XML?></a>",
    "<?Xml version='1.0'?><a/>",
    // The XML declaration.
    " <?xml version='1.0'?><a/>",
    "<!-- --><?xml version='1.0'?><a/>",
    "<?xml version='1.0'?><?xml version='1.0'?><a/>",
    "<?xml?><a/>",
    "<?xml encoding='UTF-8'?><a/>",
    "<?xml version='1.0' encoding='UTF 8'?><a/>",
    "<?xml version='1.0' standalone='maybe'?><a/>",
    "<?xml version='1.0'><a/>",
    // Namespaces.
    "<b:a/>",
    "<a b:c='d'/>",
    "<:a/>",
    "<a:/>",
    "<b:a:c xmlns:b='u'/>",
    "<b:1 xmlns:b='u'/>",
    "<a xmlns:b=''/>",
    "<a xmlns:='u'/>",
    "<a xmlns:1='u'/>",
    "<a xmlns:b:c='u'/>",
    "<a xmlns='u' xmlns='u'/>",
    "<a xmlns:b='u' xmlns:b='v'/>",
    "<a xmlns:b='u' xmlns:c='u' b:d='1' c:d='2'/>",
    "<a xmlns:b='u&amp;' xmlns:c='u&#38;' b:d='1' c:d='2'/>",
    "<a xmlns:xml='u'/>",
    "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns:b='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns:xmlns='u'/>",
    "<a xmlns:b='http://www.w3.org/2000/xmlns/'/>",
    "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
    "<xmlns:a/>",
    "<a><b xmlns:c='u'/><c:d/></a>",
    "<a><?b:c?></a>",
];

const WELL_FORMED: &[&str] = &[
    "<a/>",
    "<a />",
    "<a\n/>",
    "<a></a >",
    "<a></a\r\n\t>",
    "\n<a/>\n",
    "<?xml version='1.0'?><a/>",
    "<?xml version=\"1.0\" encoding='utf-8' standalone='yes' ?>\n<a/>",
    "<?xml version='1.1'?><a/>",
    "<!-- a --><?b c?><a/><!----><?b?>\n",
    "<?xml-stylesheet href='a'?><a/>",
    "<a><!-- <b> & ]]> - - --></a>",
    "<a><?b <c> & ?></a>",
    "<a><?b ??></a>",
    "<a>></a>",
    "<a>]]&gt; ] ]]</a>",
    "<a><![CDATA[<b>&c;]]]]><![CDATA[>]]></a>",
    "<a><![CDATA[]]></a>",
    "<a b='\"' c=\"'\" d='>'/>",
    "<a b = 'c'\n\td='&lt;&#10;'/>",
    "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x41;&#x10FFFF;&#00065;</a>",
    "<a>\t\r\n\u{7F}\u{85}\u{FFFD}\u{10000}</a>",
    "<\u{E9}t\u{E9}/>",
    "<_-.9\u{B7}/>",
    "<a xml:lang='en' xml:space='preserve'/>",
    "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns=''/>",
    "<a xmlns='u'><b xmlns=''/></a>",
    "<b:a xmlns:b='u' b:c='1' c='2'/>",
    "<a xmlns='u' xmlns:b='u' b:c='1' c='2'/>",
    "<a c:d='1' xmlns:c='u'><c:b/></a>",
    "<a xmlns:b='u'><b:c xmlns:b='v'/><b:c/></a>",
    "<a xmlns:xmlfoo='u'><xmlfoo:b/></a>",
    "<a xmlnsb='1'/>",
];

const DTDS: &[&str] = &[
    "<!DOCTYPE a><a/>",
    "<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'><a/>",
    "<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "<!doctype a><a/>",
    "<!DOCTYPE><a/>",
    "<!DOCTYPE a [",
    "<a/><!DOCTYPE a>",
    "<a><!DOCTYPE a></a>",
];

#[test]
fn ill_formed_documents_are_refused() {
    let schema = schema::small();
    assert!(ILL_FORMED.len() >= 80);
    for text in ILL_FORMED {
        match read((*text).into(), &schema, &Limits::default()) {
            Ok(_) => panic!("accepted: {text:?}"),
            Err(error) => {
                assert!(matches!(error.kind, ReadErrorKind::Malformed(_)), "{text:?}: {error}");
                let lines: Vec<_> = text.split('\n').collect();
                let columns = lines.get(error.line - 1).map(|line| line.chars().count() + 1);
                assert!(columns.is_some_and(|columns| (1..=columns).contains(&error.column)), "{text:?}: {error}");
            }
        }
    }
}

#[test]
fn well_formed_documents_are_accepted() {
    let schema = schema::small();
    assert!(WELL_FORMED.len() >= 30);
    for text in WELL_FORMED {
        if let Err(error) = read((*text).into(), &schema, &Limits::default()) {
            panic!("refused: {text:?}: {error}");
        }
    }
}

#[test]
fn document_type_declarations_are_refused_as_such() {
    let schema = schema::small();
    for text in DTDS {
        let error = read((*text).into(), &schema, &Limits::default()).expect_err(text);
        assert_eq!(error.kind, ReadErrorKind::Dtd, "{text:?}");
    }
}

#[test]
fn errors_say_what_and_where() {
    let schema = schema::small();
    for (text, said) in [
        (
            "<a>\n  <b>\u{E9}&nbsp;</b></a>",
            "line 2, column 7: \"&nbsp;\" is none of the five entities of XML, nor a character's number",
        ),
        ("<a>\r\n<b></c></a>", "line 2, column 4: </c> stands where </b> should"),
        ("<a><b:c/></a>", "line 1, column 5: the prefix \"b\" is not declared"),
        ("<a b='1' b='2'/>", "line 1, column 10: the attribute \"b\" stands twice"),
        ("<a>\u{1}</a>", "line 1, column 4: there is a character that XML does not allow"),
        ("<a>\n<b>\n</a>", "line 3, column 1: </a> stands where </b> should"),
        ("<a>\n<b>", "line 2, column 1: an element has no end tag"),
        ("<!DOCTYPE a><a/>", "line 1, column 1: a SOAP message must not contain a document type declaration"),
    ] {
        assert_eq!(read(text.into(), &schema, &Limits::default()).expect_err(text).to_string(), said, "{text:?}");
    }
}
