//! Every row of the table of codes is raised through the front door, with its code and its text on the wire. A new row does
//! not compile until it has its trigger here.

use envoi::conversation::{Rejection, code::TABLE};

use crate::{
    codes::damage,
    gateway::{Answer, START},
    house::{Asynchronous, House, equals, list},
};

type Told = (Option<String>, Option<String>);

fn first(answer: &Answer, root: &str) -> Told {
    let of = |name: &str| answer.text(&format!("{root}/Results/{name}"));
    (of("ErrorCode"), of("StatusMessage"))
}

async fn created(house: &House, options: &Asynchronous) -> Told {
    first(&house.create(options, &list("x")).await, "CreateResponse")
}

/// The first part of one, and then another.
async fn after(house: &House, first: (u32, u32), second: (u32, u32)) -> Told {
    assert_eq!(house.part("c", first.0, first.1, "first").await, None);
    created(house, &Asynchronous::part("c", second.0, second.1)).await
}

async fn deleted(house: &House, id: &str) -> Told {
    let object = format!("<Objects xsi:type=\"ScheduledConversation\"><ConversationID>{id}</ConversationID></Objects>");
    first(&house.delete(&object).await, "DeleteResponse")
}

/// A conversation of three parts of which two are in, damaged while nobody is at home.
async fn damaged(change: impl Fn(&mut serde_json::Value) + Send + 'static) -> (tempfile::TempDir, House) {
    let folder = tempfile::tempdir().unwrap();
    let house = House::on_disk(folder.path(), START).await;
    for sequence in [1, 2] {
        assert_eq!(house.part("c", sequence, 3, &sequence.to_string()).await, None);
    }
    house.gateway.stop().await;
    damage(folder.path(), "c", change).await;
    let house = House::on_disk(folder.path(), START).await;
    house.idle().await;
    (folder, house)
}

async fn raise(rejection: Rejection) -> Told {
    let house = House::configured(&[("queue.delete_within", "60m")]).await;
    let new = Asynchronous::new;
    let with = |name: &str, value: &str| new().with("ConversationID", "c").with(name, value);
    match rejection {
        Rejection::CallsChanged => after(&house, (1, 2), (2, 3)).await,
        Rejection::PartsLost => {
            let (_folder, house) = damaged(|rules| {
                rules["received"]["through"] = 3.into();
                rules["state"] = "Closed".into();
            })
            .await;
            let filter = equals("ConversationID", "c");
            let code = house.values("ResultMessage", "ErrorCode", &filter).await;
            (code.into_iter().next(), house.values("ResultMessage", "StatusMessage", &filter).await.into_iter().next())
        }
        Rejection::SequenceCodeMissing => created(&house, &with("CallsInConversation", "2")).await,
        Rejection::Timeout => {
            assert_eq!(house.part("c", 1, 2, "first").await, None);
            house.advance(301).await;
            created(&house, &Asynchronous::part("c", 2, 2)).await
        }
        Rejection::Invalid => {
            let later = new().with("ScheduledTime", "2026-03-01T15:00:00Z");
            let id = house.create(&later, &list("x")).await.text("CreateResponse/RequestID").unwrap();
            let object = format!("<Objects xsi:type=\"ScheduledRequest\"><RequestID>{id}</RequestID></Objects>");
            first(&house.delete(&object).await, "DeleteResponse")
        }
        Rejection::CorrelationRepeated => {
            let object = "<Objects xsi:type=\"List\"><CorrelationID>X</CorrelationID></Objects>";
            first(&house.create(&new(), &object.repeat(2)).await, "CreateResponse")
        }
        Rejection::SequenceOutOfBounds => created(&house, &Asynchronous::part("c", 3, 2)).await,
        Rejection::CallsOutOfBounds => created(&house, &Asynchronous::part("c", 1, 0)).await,
        Rejection::ConversationIdMissing => {
            created(&house, &new().with("SequenceCode", "1").with("CallsInConversation", "1")).await
        }
        Rejection::CallsMissing => created(&house, &with("SequenceCode", "1")).await,
        Rejection::NotAsynchronous => created(&house, &Asynchronous::default().with("ConversationID", "c")).await,
        Rejection::Reused => {
            assert_eq!(house.part("c", 1, 1, "first").await, None);
            house.idle().await;
            created(&house, &Asynchronous::part("c", 1, 1)).await
        }
        Rejection::Unreadable => {
            let (_folder, house) = damaged(|rules| rules["next"] = 99.into()).await;
            let told = created(&house, &Asynchronous::part("c", 3, 3)).await;
            assert_eq!(house.part("d", 1, 1, "d").await, None, "others go on");
            told
        }
        Rejection::InError => {
            let _invalid = after(&house, (1, 3), (1, 3)).await;
            created(&house, &Asynchronous::part("c", 2, 3)).await
        }
        Rejection::SequenceRepeated => after(&house, (1, 2), (1, 2)).await,
        Rejection::Closed => {
            let later = Asynchronous::part("c", 1, 1).with("ScheduledTime", "2026-03-01T13:00:00Z");
            assert_eq!(created(&house, &later).await.0, None);
            created(&house, &Asynchronous::part("c", 1, 1)).await
        }
        Rejection::TooManyObjects => {
            let objects = "<Objects xsi:type=\"List\"/>".repeat(32_767);
            first(&house.create(&new(), &objects).await, "CreateResponse")
        }
        Rejection::NotFound => deleted(&house, "c").await,
        Rejection::AlreadyProcessed => {
            assert_eq!(house.part("c", 1, 1, "first").await, None);
            house.idle().await;
            deleted(&house, "c").await
        }
        Rejection::TooFarAhead => created(&house, &with("ScheduledTime", "2026-03-31T12:00:01Z")).await,
        Rejection::NoFtp => {
            let target = "<ResponseType>FTP</ResponseType><ResponseAddress>results</ResponseAddress><RespondWhen>Always</RespondWhen>";
            created(&house, &new().with("SendResponseTo", target)).await
        }
        Rejection::Insecure => {
            let target = "<ResponseType>HTTPPost</ResponseType><ResponseAddress>http://a.example/</ResponseAddress>";
            created(&house, &new().with("SendResponseTo", target)).await
        }
        Rejection::NoMailbox => {
            let target = "<ResponseType>email</ResponseType><ResponseAddress>Ada &lt;a@x></ResponseAddress>";
            created(&house, &new().with("SendResponseTo", target)).await
        }
        Rejection::TooManyTargets => {
            let target = "<ResponseType>None</ResponseType>";
            created(&house, &(0..21).fold(new(), |options, _| options.with("SendResponseTo", target))).await
        }
        Rejection::Expired => created(&house, &new().with("RequestExpirationTime", "2026-03-01T11:00:00Z")).await,
        Rejection::ExpiresBeforeScheduled => {
            let options = new().with("ScheduledTime", "2026-03-02T12:00:00Z");
            created(&house, &options.with("RequestExpirationTime", "2026-03-02T11:00:00Z")).await
        }
        Rejection::ExpirationOfConversation => {
            let options = Asynchronous::part("c", 1, 2).with("RequestExpirationTime", "2026-03-02T11:00:00Z");
            created(&house, &options).await
        }
    }
}

#[tokio::test]
async fn every_row_of_the_table_is_raised() {
    for rule in TABLE {
        let (code, text) = raise(rule.rejection).await;
        let text = text.map(|text| match rule.rejection {
            // These go on with place and value.
            Rejection::NoMailbox | Rejection::TooManyTargets => text.split(':').next().unwrap_or_default().to_owned(),
            _ => text,
        });
        assert_eq!((code, text), (Some(rule.code.to_string()), Some(rule.text.to_owned())), "{:?}", rule.rejection);
    }
}
