//! Which path and method lead where. Paths are known by how they end, in any letter case: clients put what they like before.

use hyper::Method;

use super::{tokens::Endpoint, unsubscribe};

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// To the operations.
    Soap,
    /// To what SDKs ask before their first call.
    Token(Endpoint),
    /// The WSDL; with object names (sorted, without doubles) its slim form.
    Wsdl(Vec<String>),
    /// The fault schema.
    FaultXsd,
    /// The page that tells where the WSDL is.
    Page,
    /// The page of a link for unsubscribing, with the link's token.
    Unsubscribe(String),
    /// What a system tells of messages, with the name of its connector.
    Webhook(String),
}

/// Why a request goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Astray {
    /// 404.
    Path,
    /// 405 with this Allow.
    Method(&'static str),
}

impl Route {
    /// The route of a request.
    pub(crate) fn of(method: &Method, path: &str, query: Option<&str>) -> Result<Self, Astray> {
        if let Some(token) = unsubscribe::token(path) {
            return match *method {
                Method::GET | Method::HEAD | Method::POST => Ok(Self::Unsubscribe(token.to_owned())),
                _ => Err(Astray::Method("GET, HEAD, POST")),
            };
        }
        if let Some(connector) = connector(path) {
            return match *method {
                Method::POST => Ok(Self::Webhook(connector)),
                _ => Err(Astray::Method("POST")),
            };
        }
        let path = path.to_ascii_lowercase();
        let ends = |end: &str| path.ends_with(end);
        let asked = |route: Self| match *method {
            Method::GET | Method::HEAD => Ok(route),
            _ => Err(Astray::Method("GET, HEAD")),
        };
        // The bare host too: whoever points a client at the printed URL has pointed it well.
        if ends("/service.asmx") || path == "/" {
            return match *method {
                Method::POST => Ok(Self::Soap),
                Method::GET | Method::HEAD if parameter(query, "wsdl").is_some() => Ok(Self::Wsdl(objects(query))),
                Method::GET | Method::HEAD => Ok(Self::Page),
                _ => Err(Astray::Method("GET, HEAD, POST")),
            };
        }
        if ends("/etframework.wsdl") {
            return asked(Self::Wsdl(objects(query)));
        }
        if ends("/etframeworkfault.xsd") {
            return asked(Self::FaultXsd);
        }
        match Endpoint::of(&path) {
            Some(endpoint @ Endpoint::Endpoints) => asked(Self::Token(endpoint)),
            Some(endpoint) if *method == Method::POST => Ok(Self::Token(endpoint)),
            Some(_) => Err(Astray::Method("POST")),
            None => Err(Astray::Path),
        }
    }

    /// The name in metrics and the log; an operation's name takes its place when the handler reports one.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Soap => "soap",
            Self::Token(Endpoint::Token) => "token_v2",
            Self::Token(Endpoint::RequestToken) => "request_token",
            Self::Token(Endpoint::Endpoints) => "endpoint_soap",
            Self::Wsdl(objects) if objects.is_empty() => "wsdl",
            Self::Wsdl(_) => "wsdl_slim",
            Self::FaultXsd => "fault_xsd",
            Self::Page => "page",
            Self::Unsubscribe(_) => "unsubscribe",
            Self::Webhook(_) => "webhook",
        }
    }
}

/// The value of a query parameter whose name is in any letter case; empty when it has none.
pub(super) fn parameter<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    query?.split('&').find_map(|item| {
        let (key, value) = item.split_once('=').unwrap_or((item, ""));
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn objects(query: Option<&str>) -> Vec<String> {
    let list = decoded(parameter(query, "objects").unwrap_or_default());
    let mut names: Vec<String> =
        list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The connector of a path `…/connectors/NAME/webhook`.
fn connector(path: &str) -> Option<String> {
    let mut steps = path.rsplit('/');
    let (end, name, folder) = (steps.next()?, steps.next()?, steps.next()?);
    let fits = end.eq_ignore_ascii_case("webhook") && folder.eq_ignore_ascii_case("connectors") && !name.is_empty();
    // A `+` in a path is a plus.
    fits.then(|| decoded(&name.replace('+', "%2B")))
}

/// Percent-decoding, and `+` for a space; what is not UTF-8 then becomes no object's name.
pub(super) fn decoded(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let [byte, after @ ..] = rest {
        let escaped = match after {
            [high, low, after @ ..] if *byte == b'%' => {
                digit(*high).zip(digit(*low)).map(|(high, low)| (high * 16 + low, after))
            }
            _ => None,
        };
        let (value, after) = escaped.unwrap_or((if *byte == b'+' { b' ' } else { *byte }, after));
        plain.push(value);
        rest = after;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The page for people: what this is and where the WSDL is. The URL holds characters of a host only, or is configured.
pub(crate) fn page(public_url: &str) -> String {
    let url = public_url.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>envoi</title></head><body>\n\
         <h1>envoi</h1>\n<p>A SOAP gateway that speaks the Marketing Cloud PartnerAPI.</p>\n<ul>\n\
         <li>Endpoint (POST): <code>{url}/Service.asmx</code></li>\n\
         <li>WSDL: <a href=\"{url}/etframework.wsdl\">{url}/etframework.wsdl</a></li>\n\
         <li>A WSDL of some objects only: <a href=\"{url}/Service.asmx?wsdl&amp;objects=Subscriber,List\">\
         {url}/Service.asmx?wsdl&amp;objects=Subscriber,List</a></li>\n\
         <li>Tokens (POST): <code>{url}/v2/token</code></li>\n</ul>\n</body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: Method, target: &str) -> Result<Route, Astray> {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        Route::of(&method, path, query)
    }

    #[test]
    fn paths_are_known_by_their_end_in_any_case() {
        for path in ["/Service.asmx", "/service.asmx", "/any/where/SERVICE.ASMX", "/Service.asmx?wsdl"] {
            assert_eq!(route(Method::POST, path), Ok(Route::Soap), "{path}");
        }
        for path in [
            "/Service.asmx?WSDL",
            "/service.asmx?wsdl",
            "/s/Service.asmx?x=1&Wsdl=",
            "/etframework.wsdl",
            "/a/ETFramework.WSDL",
        ] {
            assert_eq!(route(Method::GET, path), Ok(Route::Wsdl(Vec::new())), "{path}");
            assert_eq!(route(Method::HEAD, path), Ok(Route::Wsdl(Vec::new())), "{path}");
        }
        assert_eq!(route(Method::GET, "/ETFrameworkFault.xsd"), Ok(Route::FaultXsd));
        assert_eq!(route(Method::POST, "/x/v2/token"), Ok(Route::Token(Endpoint::Token)));
        assert_eq!(route(Method::POST, "/v1/requestToken?legacy=1"), Ok(Route::Token(Endpoint::RequestToken)));
        assert_eq!(route(Method::GET, "/platform/v1/endpoints/soap"), Ok(Route::Token(Endpoint::Endpoints)));
        assert_eq!(route(Method::GET, "/"), Ok(Route::Page));
        assert_eq!(route(Method::GET, "/Service.asmx"), Ok(Route::Page));
    }

    #[test]
    fn slim_lists_are_decoded_sorted_and_without_doubles() {
        let names = Ok(Route::Wsdl(vec!["List".to_owned(), "Subscriber".to_owned()]));
        assert_eq!(route(Method::GET, "/Service.asmx?wsdl&objects=Subscriber,List"), names);
        assert_eq!(route(Method::GET, "/Service.asmx?WSDL&Objects=List%2cSubscriber%2C,+List"), names);
        assert_eq!(route(Method::GET, "/Service.asmx?wsdl&objects=%"), Ok(Route::Wsdl(vec!["%".to_owned()])));
        assert_eq!(route(Method::GET, "/Service.asmx?wsdl&objects=%2"), Ok(Route::Wsdl(vec!["%2".to_owned()])));
    }

    #[test]
    fn a_link_keeps_its_letters() {
        for path in ["/unsubscribe/AbC_-9", "/proxied/Unsubscribe/AbC_-9", "/unsubscribe/AbC_-9?utm=1"] {
            let expected = Ok(Route::Unsubscribe("AbC_-9".to_owned()));
            assert_eq!(route(Method::GET, path), expected, "{path}");
            assert_eq!(route(Method::POST, path), expected, "{path}");
        }
        for path in ["/unsubscribe", "/unsubscribe/", "/unsubscribe/a/b", "/notunsubscribe/a"] {
            assert_eq!(route(Method::GET, path), Err(Astray::Path), "{path}");
        }
    }

    #[test]
    fn the_path_of_a_webhook_names_the_connector() {
        for (path, name) in [
            ("/connectors/chat/webhook", Some("chat")),
            ("/proxied/Connectors/Chat-1/WebHook", Some("Chat-1")),
            ("/connectors/a%20b+c/webhook", Some("a b+c")),
            ("/connectors//webhook", None),
            ("/connectors/webhook", None),
            ("/connectors/chat/webhook/", None),
            ("/chat/webhook", None),
        ] {
            let expected = name.map(|name| Route::Webhook(name.to_owned())).ok_or(Astray::Path);
            assert_eq!(route(Method::POST, path), expected, "{path}");
        }
    }

    #[test]
    fn all_else_goes_astray() {
        assert_eq!(route(Method::GET, "/favicon.ico"), Err(Astray::Path));
        assert_eq!(route(Method::POST, "/notservice.asmx"), Err(Astray::Path));
        assert_eq!(route(Method::PUT, "/Service.asmx"), Err(Astray::Method("GET, HEAD, POST")));
        assert_eq!(route(Method::GET, "/v2/token"), Err(Astray::Method("POST")));
        assert_eq!(route(Method::POST, "/etframework.wsdl"), Err(Astray::Method("GET, HEAD")));
        assert_eq!(route(Method::GET, "/connectors/chat/webhook"), Err(Astray::Method("POST")));
        assert_eq!(route(Method::DELETE, "/unsubscribe/t"), Err(Astray::Method("GET, HEAD, POST")));
    }
}
