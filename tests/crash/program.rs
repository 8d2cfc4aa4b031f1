//! The real program as a child process, and a client that blocks.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
};

use crate::gateway::{Answer, PARTNER_API, addresses, of_caller, of_operator};

pub(crate) struct Program {
    child: Child,
    pub(crate) soap: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// What it logs, line by line.
    pub(crate) log: mpsc::Receiver<String>,
}

impl Program {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_in(Command::new(env!("CARGO_BIN_EXE_envoi")), folder)
    }

    /// With a command that ends in the program.
    pub(crate) fn start_in(command: Command, folder: &Path) -> Self {
        Self::try_start_in(command, folder).unwrap_or_else(|log| panic!("it does not start: {log:?}"))
    }

    /// What it logged, when it ended before it was ready.
    pub(crate) fn try_start_in(mut command: Command, folder: &Path) -> Result<Self, Vec<String>> {
        let mut child = command
            .args(["demo", "--virtual-clock", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(["--log-filter", "error,envoi::store=debug", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (tell, log) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let Some((soap, admin)) = addresses(&mut child) else {
            child.wait().expect("it is gone");
            return Err(log.iter().collect());
        };
        Ok(Self { child, soap, admin, log })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads the log on to a line with these words.
    pub(crate) fn logged(&self, words: &str) -> String {
        self.log.iter().find(|line| line.contains(words)).unwrap_or_else(|| panic!("it ended and never said {words:?}"))
    }

    pub(crate) fn admin(&self, method: &str, path: &str) -> Answer {
        self.asked(method, path).expect("an answer")
    }

    /// None when it was killed before it had answered.
    pub(crate) fn asked(&self, method: &str, path: &str) -> Option<Answer> {
        exchange(self.admin, of_operator(self.admin, method, path).as_bytes())
    }

    /// What it says to operators about something.
    pub(crate) fn told(&self, path: &str) -> serde_json::Value {
        let answer = self.admin("GET", path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    }

    /// Moves its clock; the answer comes when everything that is due has been worked off.
    pub(crate) fn advance(&self, seconds: u64) {
        let answer = self.admin("POST", &format!("/time?by={}", seconds * 1000));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// The rows that a filter finds, all pages of them.
    pub(crate) fn rows(&self, kind: &str, properties: &[&str], filter: &str) -> Vec<Vec<String>> {
        let wanted: String = properties.iter().map(|name| format!("<Properties>{name}</Properties>")).collect();
        let mut message = format!("<ObjectType>{kind}</ObjectType>{wanted}{filter}");
        let mut rows = Vec::new();
        loop {
            let request = format!(
                "<RetrieveRequestMsg xmlns=\"{PARTNER_API}\"><RetrieveRequest>{message}</RetrieveRequest></RetrieveRequestMsg>"
            );
            let answer = call(self.soap, "Retrieve", &request).expect("an answer");
            let status = answer.text("RetrieveResponseMsg/OverallStatus").unwrap_or_default();
            let tree = answer.tree();
            let response = tree.root().child("Body").unwrap().child("RetrieveResponseMsg").expect(&answer.body);
            rows.extend(response.children_named("Results").map(|row| -> Vec<String> {
                properties.iter().map(|name| row.child_text(name).unwrap_or_default().into_owned()).collect()
            }));
            match status.as_str() {
                "OK" => return rows,
                "MoreDataAvailable" => {
                    let id = response.child_text("RequestID").unwrap();
                    message = format!("<ContinueRequest>{id}</ContinueRequest>");
                }
                _ => panic!("{}", answer.body),
            }
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("SIGKILL is sent");
        self.child.wait().expect("it is gone");
    }

    /// As an operator ends it.
    pub(crate) fn stop(mut self) {
        let ended = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(ended.success());
        assert!(self.child.wait().expect("it is gone").success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// None when it was killed before it had answered.
pub(crate) fn call(soap: SocketAddr, action: &str, message: &str) -> Option<Answer> {
    exchange(soap, of_caller(soap, action, message).as_bytes())
}

fn exchange(to: SocketAddr, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(to).ok()?;
    stream.write_all(request).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
    let answer = Answer::parse(&bytes);
    let length: usize = answer.header("content-length")?.parse().ok()?;
    (answer.body.len() == length).then_some(answer)
}

pub(crate) fn equals(property: &str, value: &str) -> String {
    simple(property, "equals", value)
}

pub(crate) fn simple(property: &str, operator: &str, value: &str) -> String {
    format!(
        "<Filter xsi:type=\"SimpleFilterPart\"><Property>{property}</Property>\
         <SimpleOperator>{operator}</SimpleOperator><Value>{value}</Value></Filter>"
    )
}

/// Lists as objects; a second one of a name is an error, so they tell how often they were applied.
pub(crate) fn lists(names: &[String]) -> String {
    names.iter().map(|name| format!("<Objects xsi:type=\"List\"><ListName>{name}</ListName></Objects>")).collect()
}
