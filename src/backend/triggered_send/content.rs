//! What a definition sends, and as whom: its Email, sender profile, list, and the rules of its send classification.
//!
//! It looks things up and decides nothing about subscribers.

use crate::{
    mail::Mailbox,
    message::personalize::{has_script, names},
    object::{Object, Value},
    store::{Objects, StoreError},
};

use super::{
    super::{
        generic::{BY_GUID, BY_KEY, folded},
        list, row,
    },
    Settings,
};

/// What a definition comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) subject: String,
    /// Empty where the e-mail has none.
    pub(crate) html: String,
    /// Empty where the e-mail has none.
    pub(crate) text: String,
    pub(crate) pre_header: String,
    /// ID and Name of the Email.
    pub(crate) email: (String, String),
    pub(crate) from_name: String,
    pub(crate) from_address: String,
    pub(crate) reply_name: String,
    /// Empty where answers go to the sender.
    pub(crate) reply_address: String,
    /// `CCEmail`: addresses of open copies, with commas or semicolons between them.
    pub(crate) cc: String,
    /// `BccEmail`: those of hidden ones.
    pub(crate) bcc: String,
    /// The definition's list; `None` for All Subscribers.
    pub(crate) list: Option<i64>,
    /// Who is on one of these gets nothing.
    pub(crate) excluded: Vec<i64>,
    /// The classification is Operational: it goes to the unsubscribed too.
    pub(crate) operational: bool,
    /// ... but not to those who have left the list.
    pub(crate) honors_list: bool,
    /// AutoAddSubscribers
    pub(crate) add: bool,
    /// AutoUpdateSubscribers
    pub(crate) update: bool,
    /// The key or name of the data extension whose columns are attributes of the send.
    source: Option<String>,
}

/// Why a definition cannot send.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// Something in it is missing or wrong: what, and what was expected.
    Incomplete(String),
    /// It cannot be read.
    Store(StoreError),
}

impl From<StoreError> for Unfit {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn incomplete<T>(what: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit::Incomplete(what.into()))
}

impl Content {
    /// What a definition sends, when it is complete and started.
    pub(crate) fn of_active(objects: &Objects<'_>, definition: &Object, settings: &Settings) -> Result<Self, Unfit> {
        match definition.text("TriggeredSendStatus") {
            Some("Active") => Self::of(objects, definition, settings),
            status => incomplete(format!("its status is {}, expected Active", status.unwrap_or("New"))),
        }
    }

    /// What a definition sends, whether it is started or not.
    pub(crate) fn of(objects: &Objects<'_>, definition: &Object, settings: &Settings) -> Result<Self, Unfit> {
        let Some((id, email)) = referred(objects, "Email", definition.object("Email"))? else {
            return incomplete("its Email is not given or not found");
        };
        let own = |member: &str| given(definition, member).or_else(|| given(&email, member));
        let of_email = |member: &str| given(&email, member).unwrap_or_default();
        let mut content = Self {
            subject: given(definition, "EmailSubject")
                .or_else(|| given(&email, "Subject"))
                .or_else(|| given(definition, "DynamicEmailSubject"))
                .unwrap_or_default(),
            html: of_email("HTMLBody"),
            text: of_email("TextBody"),
            pre_header: own("PreHeader").unwrap_or_default(),
            email: (id.to_string(), of_email("Name")),
            cc: given(definition, "CCEmail").unwrap_or_default(),
            bcc: given(definition, "BccEmail").unwrap_or_default(),
            add: flag(definition, "AutoAddSubscribers"),
            update: flag(definition, "AutoUpdateSubscribers"),
            source: given(definition, "SendSourceCustomerKey")
                .or_else(|| given(definition.object("SendSourceDataExtension")?, "CustomerKey")),
            ..Self::default()
        };
        if content.subject.is_empty() {
            return incomplete("neither it nor its Email has a subject");
        }
        if content.html.is_empty() && content.text.is_empty() {
            return incomplete("its Email has neither HTMLBody nor TextBody");
        }
        content.classify(objects, definition, settings)?;
        for (member, address) in [("FromAddress", &content.from_address), ("ReplyToAddress", &content.reply_address)] {
            if !address.is_empty() && !may_be_address(address) {
                return incomplete(format!("its {member} is {:?}, expected an address", shortened(address)));
            }
        }
        for (member, copies) in [("CCEmail", &content.cc), ("BccEmail", &content.bcc)] {
            if let Some(wrong) = wrong_copies(copies) {
                return incomplete(format!("its {member} {wrong}"));
            }
        }
        content.address(objects, definition)?;
        if let Some(part) = content.scripted() {
            return incomplete(format!("its {part} holds AMPscript, which this server does not run"));
        }
        Ok(content)
    }

    /// Takes over what the send classification and the sender profile say.
    fn classify(&mut self, objects: &Objects<'_>, definition: &Object, settings: &Settings) -> Result<(), Unfit> {
        let named = definition.object("SendClassification");
        let class = referred(objects, "SendClassification", named)?.map(|(_, class)| class);
        if let Some(class) = &class {
            self.operational = class.text("SendClassificationType") == Some("Operational");
            self.honors_list = flag(class, "HonorPublicationListOptOutsForTransactionalSends");
        }
        let of_class = class.as_ref().and_then(|class| class.object("SenderProfile"));
        let profile = match definition.object("SenderProfile").filter(|profile| is_named(profile)) {
            Some(own) => match referred(objects, "SenderProfile", Some(own))? {
                None => return incomplete("its SenderProfile is not found"),
                found => found,
            },
            None => referred(objects, "SenderProfile", of_class)?,
        };
        let profile = profile.map(|(_, profile)| profile).unwrap_or_default();
        // The definition's own are deprecated: the profile comes first.
        let from = |member: &str| given(&profile, member).or_else(|| given(definition, member));
        let reply = |member: &str| given(definition, member).or_else(|| given(&profile, member)).unwrap_or_default();
        match from("FromAddress") {
            Some(address) => {
                self.from_address = address;
                self.from_name = from("FromName").unwrap_or_default();
            }
            None => match &settings.from {
                Some(sender) => {
                    self.from_address.clone_from(&sender.address);
                    self.from_name = from("FromName").or_else(|| sender.name.clone()).unwrap_or_default();
                }
                None => {
                    return incomplete(
                        "no FromAddress is given by its SenderProfile, its SendClassification or itself",
                    );
                }
            },
        }
        self.reply_address = reply("ReplyToAddress");
        self.reply_name = reply("ReplyToDisplayName");
        Ok(())
    }

    /// Takes over which lists are meant.
    fn address(&mut self, objects: &Objects<'_>, definition: &Object) -> Result<(), Unfit> {
        if let Some(named) = definition.object("List").filter(|list| is_named(list)) {
            let Some((id, _)) = referred(objects, list::KIND, Some(named))? else {
                return incomplete("its List is not found");
            };
            self.list = Some(id).filter(|id| list::all_subscribers_id(objects).ok().flatten() != Some(*id));
        }
        for exclusion in definition.all("ExclusionListCollection").filter_map(Value::as_object) {
            let named = exclusion.object("List").or(Some(exclusion));
            match referred(objects, list::KIND, named)? {
                Some((id, _)) => self.excluded.push(id),
                None => return incomplete("a list of its ExclusionListCollection is not found"),
            }
        }
        Ok(())
    }

    /// The part that holds AMPscript.
    fn scripted(&self) -> Option<&'static str> {
        self.parts().into_iter().find(|(_, text)| has_script(text)).map(|(name, _)| name)
    }

    fn parts(&self) -> [(&'static str, &str); 10] {
        [
            ("subject", &self.subject),
            ("HTMLBody", &self.html),
            ("TextBody", &self.text),
            ("PreHeader", &self.pre_header),
            ("FromName", &self.from_name),
            ("FromAddress", &self.from_address),
            ("ReplyToDisplayName", &self.reply_name),
            ("ReplyToAddress", &self.reply_address),
            ("CCEmail", &self.cc),
            ("BccEmail", &self.bcc),
        ]
    }

    /// Whether names are to be filled in the sender, in where answers go, or in who gets copies.
    pub(crate) fn has_filled_addresses(&self) -> bool {
        ADDRESSES.iter().any(|part| names(part(self)).next().is_some())
    }

    /// Every name that is to be filled, in any part.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts().into_iter().flat_map(|(_, text)| names(text))
    }

    /// The names that the account defines: of profile attributes, and of the columns of the send's data extension.
    pub(crate) fn defined(&self, objects: &Objects<'_>) -> Result<Defined, StoreError> {
        let mut defined = Defined::default();
        let mut after = i64::MIN;
        loop {
            let page: Vec<(i64, Object)> = objects.scan("PropertyDefinition", after, 500)?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            defined.attributes.extend(page.iter().filter_map(|(_, definition)| {
                let name = given(definition, "Name")?;
                let default = given(definition, "DefaultValue");
                Some(Attribute { name: folded(&name), required: flag(definition, "IsRequired"), default })
            }));
        }
        if let Some(source) = &self.source {
            defined.source = row::Table::open(objects, source)?;
        }
        Ok(defined)
    }
}

/// A profile attribute that the account defines.
#[derive(Clone, Debug)]
struct Attribute {
    name: String,
    required: bool,
    default: Option<String>,
}

/// What the account knows as names of attributes.
#[derive(Default)]
pub(crate) struct Defined {
    attributes: Vec<Attribute>,
    source: Option<row::Table>,
}

impl Defined {
    /// The value that holds where none is given; `None` for a name that is not defined.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let name = folded(name);
        if let Some(attribute) = self.attributes.iter().find(|attribute| attribute.name == name) {
            return Some(attribute.default.as_deref().unwrap_or_default());
        }
        self.source.as_ref().filter(|table| table.column(&name).is_some()).map(|_| "")
    }

    /// Attributes that every subscriber must have.
    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        let needed = |attribute: &&Attribute| attribute.required && attribute.default.is_none();
        self.attributes.iter().filter(needed).map(|attribute| attribute.name.as_str())
    }
}

/// Whether mail can leave with this sender, as far as that can be told before names in it are filled.
pub(crate) fn may_be_address(text: &str) -> bool {
    let breaks = text.trim().contains(char::is_control);
    names(text).next().is_some() || (!breaks && Mailbox::parse(text).is_ok())
}

/// The parts that make addresses.
const ADDRESSES: [fn(&Content) -> &str; 6] = [
    |content| &content.from_name,
    |content| &content.from_address,
    |content| &content.reply_name,
    |content| &content.reply_address,
    |content| &content.cc,
    |content| &content.bcc,
];

/// RFC 5321, 4.5.3.1.8: every mail server takes a hundred recipients; one of them is the subscriber.
const COPIES: usize = 99;

/// What is wrong with a CCEmail or BccEmail, as far as that can be told before names in it are filled.
pub(super) fn wrong_copies(text: &str) -> Option<String> {
    let all: Vec<&str> = text.split([',', ';']).map(str::trim).filter(|one| !one.is_empty()).collect();
    if all.len() > COPIES {
        return Some(format!("has {} addresses, expected at most {COPIES}", all.len()));
    }
    let may_be = |one: &str| may_be_address(one) && (names(one).next().is_some() || Mailbox::parse_copy(one).is_ok());
    let wrong = all.iter().find(|one| !may_be(one))?;
    Some(format!("holds {:?}, expected addresses in ASCII with commas or semicolons between them", shortened(wrong)))
}

/// As much of a value as is repeated to its caller.
fn shortened(text: &str) -> String {
    const CHARS: usize = 100;
    text.chars().take(CHARS).collect()
}

/// The text of a member that says something.
pub(crate) fn given(object: &Object, member: &str) -> Option<String> {
    object.text(member).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

fn flag(object: &Object, member: &str) -> bool {
    object.text(member).is_some_and(|text| matches!(text.trim(), "true" | "1"))
}

fn is_named(reference: &Object) -> bool {
    ["ObjectID", "CustomerKey", "ID"].iter().any(|member| given(reference, member).is_some_and(|text| text != "0"))
}

/// The object that a member refers to: by ObjectID, else CustomerKey, else ID.
fn referred(
    objects: &Objects<'_>,
    kind: &str,
    reference: Option<&Object>,
) -> Result<Option<(i64, Object)>, StoreError> {
    let Some(reference) = reference else { return Ok(None) };
    let found = if let Some(guid) = given(reference, "ObjectID") {
        objects.find_first(kind, BY_GUID, &folded(&guid))?
    } else if let Some(key) = given(reference, "CustomerKey") {
        objects.find_first(kind, BY_KEY, &folded(&key))?
    } else {
        given(reference, "ID").and_then(|id| id.trim().parse().ok())
    };
    match found {
        Some(id) => Ok(objects.get(kind, id)?.map(|object| (id, object))),
        None => Ok(None),
    }
}
