//! A generic tree of a trusted document, over quick-xml's bare events.

use quick_xml::events::Event;
use quick_xml::reader::Reader;

#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn parse(text: &str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().expect("well-formed") {
                Event::Start(start) => open.push(Self {
                    name: local(start.name().as_ref()).into(),
                    attributes: start
                        .attributes()
                        .map(|attribute| attribute.expect("an attribute"))
                        .map(|attribute| (attribute.key.as_ref().to_owned(), unescape(&attribute.value)))
                        .collect(),
                    ..Self::default()
                }),
                Event::End(_) => {
                    let closed = open.pop().expect("an open element");
                    open.last_mut().expect("its parent").children.push(closed);
                }
                Event::Text(text) => open.last_mut().expect("a parent").text.push_str(text.as_ref()),
                Event::Eof => break,
                _ => {}
            }
        }
        open.remove(0).children.remove(0)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| &**value)
    }

    /// An attribute without the prefix of its value.
    pub(crate) fn name_in(&self, attribute: &str) -> Option<&str> {
        self.attribute(attribute).map(local)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(crate) fn only<'a>(&'a self, name: &'a str) -> &'a Element {
        let mut found = self.all(name);
        let only = found.next().unwrap_or_else(|| panic!("{} has no {name}", self.name));
        assert!(found.next().is_none(), "{} has two {name}", self.name);
        only
    }

    /// The children that are not documentation.
    pub(crate) fn declarations(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(|child| !matches!(&*child.name, "annotation" | "documentation"))
    }

    /// Every element from here down.
    pub(crate) fn walk(&self, visit: &mut impl FnMut(&Element)) {
        visit(self);
        for child in &self.children {
            child.walk(visit);
        }
    }
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

fn unescape(text: &str) -> String {
    quick_xml::escape::unescape(text).expect("known entities").into_owned()
}
