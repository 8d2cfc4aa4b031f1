//! The Async Results Data Extract: what is in the file, what the answer says, and what is never written.

use std::{fs, path::Path};

use crate::{
    gateway::{Answer, PARTNER_API},
    house::{Asynchronous, House, list},
};

const MID: &str = "100001";

struct Desk {
    house: House,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let house = House::with(|parts| parts.backend.extract.folder = Some(path)).await;
        Self { house, folder }
    }

    /// As the documentation's sample has it: no Options, no xsi:type.
    async fn ask(&self, parameters: &[(&str, &str)]) -> Answer {
        ask(&self.house, "Async Results Data Extract", parameters).await
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("out").join(MID).join(name)
    }

    /// The lines of a file.
    async fn extract(&self, name: &str, parameters: &[(&str, &str)]) -> Vec<String> {
        let parameters = [&[("OutputFileName", name)], parameters].concat();
        let answer = self.ask(&parameters).await;
        assert_eq!(answer.text("ExtractResponseMsg/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.is_empty() || text.ends_with("\r\n"));
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }
}

async fn ask(house: &House, id: &str, parameters: &[(&str, &str)]) -> Answer {
    let parameters: String = parameters
        .iter()
        .map(|(name, value)| format!("<Parameter><Name>{name}</Name><Value>{value}</Value></Parameter>"))
        .collect();
    let message = format!(
        "<ExtractRequestMsg xmlns=\"{PARTNER_API}\"><Requests><ID>{id}</ID><Parameters>{parameters}</Parameters>\
         </Requests></ExtractRequestMsg>"
    );
    house.gateway.call("Extract", &message).await
}

fn error(answer: &Answer) -> (Option<String>, String) {
    let of = |name: &str| answer.text(&format!("ExtractResponseMsg/Results/ExtractResult/{name}"));
    assert_eq!(answer.text("ExtractResponseMsg/OverallStatus").as_deref(), Some("Error"), "{}", answer.body);
    (of("ErrorCode"), of("StatusMessage").unwrap_or_default())
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

fn named(correlation: &str, name: &str) -> String {
    format!(
        "<Objects xsi:type=\"List\"><CorrelationID>{correlation}</CorrelationID><ListName>{name}</ListName></Objects>"
    )
}

#[tokio::test]
async fn there_is_a_row_for_each_result() {
    let desk = Desk::new().await;
    let options = Asynchronous::part("=conv, \"1\"", 1, 1);
    let objects = named("-1+1", "a, \"b\"") + &named("c 2", "a, \"b\"");
    let one = desk.house.create(&options, &objects).await.text("CreateResponse/RequestID").unwrap();
    desk.house.idle().await;
    desk.house.advance(60).await;
    let two = desk.house.create(&Asynchronous::new(), &list("b")).await.text("CreateResponse/RequestID").unwrap();
    desk.house.idle().await;
    let lines = desk.extract("results.csv", &[]).await;
    assert_eq!(
        lines[0],
        "ClientID,RequestID,ConversationID,OrdinalID,CorrelationID,RequestType,RequestObjectType,StatusCode,\
         StatusMessage,ErrorCode,CreatedDate,ModifiedDate"
    );
    let noon = "2026-03-01T12:00:00Z,2026-03-01T12:00:00Z";
    let expected = [
        format!("{MID},{two},,0,,Asynchronous,List,OK,Created List.,,2026-03-01T12:01:00Z,2026-03-01T12:01:00Z"),
        format!("{MID},{one},\"'=conv, \"\"1\"\"\",0,\"'-1+1\",Asynchronous,List,OK,Created List.,,{noon}"),
        format!(
            "{MID},{one},\"'=conv, \"\"1\"\"\",1,c 2,Asynchronous,List,Error,\"a, \"\"b\"\" already exists\",1,{noon}"
        ),
    ];
    assert_eq!(lines[1..], expected);

    for (filter, count) in [
        (vec![("RequestID", one.to_uppercase())], 2),
        (vec![("RequestID", two.clone())], 1),
        (vec![("RequestID", "nobody".to_owned())], 0),
        (vec![("ConversationID", "=conv, \"1\"".to_owned())], 2),
        (vec![("StatusCode", "error".to_owned())], 1),
        (vec![("RequestID", one.clone()), ("StatusCode", "OK".to_owned())], 1),
        (vec![("StartDate", "3/1/2026 12:00:01 PM".to_owned())], 1),
        (vec![("StartDate", "2026-03-01T14:00:00+02:00".to_owned()), ("EndDate", "3/1/2026 12:00 PM".to_owned())], 2),
        (vec![("EndDate", "2026-02-28".to_owned())], 0),
    ] {
        let parameters: Vec<_> = filter.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let parameters = [&parameters[..], &[("Overwrite", "true"), ("HasColumnHeaders", "false")]].concat();
        assert_eq!(desk.extract("some.csv", &parameters).await.len(), count, "{filter:?}");
    }
}

#[tokio::test]
async fn the_form_of_the_file_can_be_chosen() {
    let desk = Desk::new().await;
    desk.house.create(&Asynchronous::new(), &named("x", "a")).await;
    desk.house.idle().await;
    for (delimiter, with) in [("|", '|'), (";", ';'), ("tab", '\t'), ("Tab", '\t'), ("\t", '\t')] {
        let parameters = [("ColumnDelimiter", delimiter), ("QuoteText", "True"), ("Overwrite", "true")];
        let lines = desk.extract("a.txt", &parameters).await;
        assert!(lines[0].starts_with(&format!("\"ClientID\"{with}\"RequestID\"")), "{delimiter}: {}", lines[0]);
    }
    // What clients of the service send along.
    let usual = [("_AsyncID", "0"), ("Format", "CSV"), ("CharacterEncoding", "utf-8"), ("StartDate", "")];
    assert_eq!(desk.extract("b.csv", &usual).await.len(), 2);
    let dated = desk.ask(&[("OutputFileName", "b%%Month%%%%Day%%-%%Year%%.csv")]).await;
    assert_eq!(dated.text("ExtractResponseMsg/OverallStatus").as_deref(), Some("OK"), "{}", dated.body);
    assert!(desk.path("b0301-2026.csv").exists());
}

#[tokio::test]
async fn the_answer_repeats_the_request_and_the_extract_can_be_found() {
    let desk = Desk::new().await;
    let properties = ["ObjectID", "Name", "Parameters"];
    let found = desk.house.retrieve("ExtractDescription", &properties, "").await;
    let at = |path: &str| found.text(&format!("RetrieveResponseMsg/Results/{path}"));
    assert_eq!(found.count("RetrieveResponseMsg/Results"), 1, "{}", found.body);
    assert_eq!(at("Name").as_deref(), Some("Async Results Data Extract"));
    assert_eq!(at("Parameters/Parameter/Name").as_deref(), Some("OutputFileName"), "{}", found.body);
    let id = at("ObjectID").unwrap();
    let answer = ask(&desk.house, &id.to_uppercase(), &[("OutputFileName", "a.csv"), ("quotetext", "false")]).await;
    let result = |path: &str| answer.text(&format!("ExtractResponseMsg/Results/ExtractResult/{path}"));
    assert_eq!(result("StatusCode").as_deref(), Some("OK"), "{}", answer.body);
    assert_eq!(result("StatusMessage").as_deref(), Some("Async Results Data Extract: 0 results in a.csv"));
    assert_eq!(result("Request/ID"), Some(id.to_uppercase()));
    assert_eq!(result("Request/Parameters/Parameter#1/Name").as_deref(), Some("QuoteText"));
    assert!(answer.text("ExtractResponseMsg/RequestID").is_some());
    assert_eq!(files(desk.folder.path()), ["a.csv"]);
    let created = "<Objects xsi:type=\"ExtractDescription\"><Name>mine</Name></Objects>";
    let created = desk.house.gateway.call("Create", &crate::gateway::request("CreateRequest", "", created)).await;
    assert_eq!(created.text("CreateResponse/Results/ErrorCode").as_deref(), Some("5"));
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_leaves_the_folder() {
    let desk = Desk::new().await;
    assert_eq!(desk.extract("a.csv", &[]).await.len(), 1);
    fs::write(desk.path("a.csv"), "precious").unwrap();
    let again = desk.ask(&[("OutputFileName", "a.csv")]).await;
    assert_eq!(error(&again), (Some("1".to_owned()), "The file a.csv already exists".to_owned()));
    assert_eq!(fs::read_to_string(desk.path("a.csv")).unwrap(), "precious");
    assert_eq!(desk.extract("a.csv", &[("Overwrite", "true")]).await.len(), 1);
    for name in ["../b.csv", "/tmp/b.csv", "x/b.csv", "..\\b.csv", "..", ".b", "C:b.csv", "b\u{202e}.csv", ""] {
        let (code, text) = error(&desk.ask(&[("OutputFileName", name)]).await);
        assert_eq!(code.as_deref(), Some("2"), "{name}: {text}");
        assert!(text.contains("OutputFileName"), "{name}: {text}");
    }
    assert_eq!(files(desk.folder.path()), ["a.csv"]);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told() {
    let desk = Desk::new().await;
    let name = ("OutputFileName", "a.csv");
    for (parameters, expected) in [
        (vec![], "OutputFileName is missing"),
        (vec![name, ("NotificationEmail", "a@example.com")], "parameter NotificationEmail is no parameter"),
        (vec![name, ("StartDate", "yesterday")], "StartDate is \"yesterday\": expected a date"),
        (vec![name, ("StartDate", "2026-03-02"), ("EndDate", "2026-03-01")], "EndDate lies before StartDate"),
        (vec![name, ("Format", "xml")], "Format is \"xml\": expected csv"),
        (vec![name, ("_AsyncID", "7")], "_AsyncID is \"7\": expected 0"),
        (vec![name, ("ColumnDelimiter", "ab")], "ColumnDelimiter is \"ab\": expected one of"),
        (vec![name, ("QuoteText", "maybe")], "QuoteText is \"maybe\": expected true or false"),
        (vec![name, ("StatusCode", "Fine")], "StatusCode is \"Fine\": expected OK or Error"),
        (vec![name, ("outputfilename", "b.csv")], "OutputFileName is given twice"),
    ] {
        let (code, text) = error(&desk.ask(&parameters).await);
        assert_eq!(code.as_deref(), Some("2"), "{text}");
        assert!(text.contains(expected), "{text}");
    }
    // The tracking extract of the service, and others.
    let (code, text) = error(&ask(&desk.house, "c7219016-a7f0-4c72-8657-1ec12c28a0db", &[name]).await);
    assert_eq!(code.as_deref(), Some("5"));
    assert!(text.ends_with("this server has no such data extract"), "{text}");
    assert_eq!(files(desk.folder.path()), [""; 0]);
    let (code, text) = error(&ask(&House::new().await, "Async Results Data Extract", &[name]).await);
    assert_eq!(code.as_deref(), Some("5"));
    assert!(text.ends_with("this server has no folder for data extracts"), "{text}");
}

#[tokio::test]
async fn a_disk_that_fails_is_told_without_its_paths() {
    let folder = tempfile::tempdir().unwrap();
    // A file stands where the folder should be.
    let path = folder.path().join("out");
    fs::write(&path, "").unwrap();
    let house = House::with(|parts| parts.backend.extract.folder = Some(path)).await;
    let answer = ask(&house, "Async Results Data Extract", &[("OutputFileName", "a.csv")]).await;
    let (code, text) = error(&answer);
    assert_eq!(
        (code.as_deref(), text.as_str()),
        (Some("2"), "Exception occurred during writing the file of the data extract")
    );
    assert!(!answer.body.contains("out"), "{}", answer.body);
}

#[tokio::test]
async fn many_results_are_all_there() {
    let desk = Desk::new().await;
    let objects: String = (0..700).map(|at| named(&format!("c{at}"), &format!("list {at}"))).collect();
    let id = desk.house.create(&Asynchronous::new(), &objects).await.text("CreateResponse/RequestID").unwrap();
    desk.house.idle().await;
    for parameters in [vec![], vec![("RequestID", id.as_str())]] {
        let parameters = [&parameters[..], &[("HasColumnHeaders", "false"), ("Overwrite", "true")]].concat();
        let lines = desk.extract("many.csv", &parameters).await;
        let correlations: Vec<_> = lines.iter().map(|line| line.split(',').nth(4).unwrap().to_owned()).collect();
        assert_eq!(correlations, (0..700).map(|at| format!("c{at}")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn each_account_has_its_own_results_in_its_own_folder() {
    use envoi::message::client::{Account, Accounts, Permissions, Reach, User};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let house = House::with(|parts| {
        let user = |name: &str, permissions| User {
            name: name.to_owned(),
            account: 100_001,
            passwords: parts.accounts.hashes_of_user("demo"),
            digest_secret: None,
            permissions,
        };
        let account = |mid| Account { mid, name: mid.to_string(), enterprise: 100_001 };
        let little = Permissions { object_types: Some(["List".to_owned()].into()), ..Permissions::default() };
        let all = Permissions { reach: Reach::Enterprise, ..Permissions::default() };
        let accounts = vec![account(100_001), account(100_002)];
        let users = vec![user("demo", all), user("little", little)];
        parts.accounts = std::sync::Arc::new(Accounts::new(accounts, vec![], users).unwrap());
        parts.backend.extract.folder = Some(path);
    })
    .await;
    let theirs = "<Client><ID>100002</ID></Client>";
    let options = format!("<Options>{}{theirs}</Options>", Asynchronous::new().members());
    house.gateway.call("Create", &crate::gateway::request("CreateRequest", &options, &list("theirs"))).await;
    house.create(&Asynchronous::new(), &(list("mine 1") + &list("mine 2"))).await;
    house.idle().await;
    let message = |client: &str| {
        format!(
            "<ExtractRequestMsg xmlns=\"{PARTNER_API}\"><Requests>{client}<ID>Async Results Data Extract</ID>\
             <Options/><Parameters><Parameter><Name>OutputFileName</Name><Value>a.csv</Value></Parameter></Parameters>\
             </Requests></ExtractRequestMsg>"
        )
    };
    for (client, account, count) in [("", "100001", 2), (theirs, "100002", 1)] {
        let answer = house.gateway.call("Extract", &message(client)).await;
        assert_eq!(answer.text("ExtractResponseMsg/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
        let text = fs::read_to_string(folder.path().join(account).join("a.csv")).unwrap();
        let rows: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(rows.len(), count);
        assert!(rows.iter().all(|row| row.starts_with(account)), "{rows:?}");
    }
    let little = crate::gateway::security("little", "demo-password");
    let answer = house.gateway.envelope("Extract", &crate::gateway::envelope(&little, &message(""))).await;
    let (code, text) = error(&answer);
    assert_eq!(code.as_deref(), Some("5"), "who may not retrieve results may not extract them: {text}");
}
