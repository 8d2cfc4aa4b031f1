//! Addresses that are accepted are read alike by whoever reads them.

use envoi::conversation::{Settings, Unfit, may_post_to};
use proptest::{prop_assert, prop_assert_eq, proptest};

proptest! {
    /// What is accepted is a URL to the client that posts, with the same host and a port that it can use.
    #[test]
    fn what_is_accepted_is_where_the_post_goes(
        scheme in "https|HTTPS|http",
        host in r"localhost|a\.example|127\.0\.0\.1|\[::1\]|[a-z0-9._\-%@:\[\]!*①]{0,8}",
        port in r"|:[0-9]{0,6}|:[0-9a+\-٣]{0,5}",
        path in r#"|[/?#\\][!-~é]{0,12}"#,
    ) {
        let address = format!("{scheme}://{host}{port}{path}");
        let rules = Settings { insecure_loopback: true, ..Settings::default() };
        if may_post_to(&address, &rules).is_ok() {
            let uri: hyper::Uri = address.parse().unwrap();
            let said = port.trim_start_matches(':');
            prop_assert_eq!(uri.port_u16().map(u32::from), said.parse::<u32>().ok(), "{}", address);
            prop_assert!(uri.port_u16() != Some(0));
            prop_assert!(address.contains(&format!("://{}", uri.host().unwrap())), "{}", address);
        }
    }

    #[test]
    fn every_port_is_accepted_and_nothing_beyond(port in 1_u32..100_000) {
        let judged = may_post_to(&format!("https://a.example:{port}/"), &Settings::default());
        prop_assert_eq!(judged, if port <= 65_535 { Ok(()) } else { Err(Unfit::Port) });
    }
}

#[test]
fn what_is_no_url_to_the_client_is_not_accepted() {
    let never = [
        "https://localhost:99999/p",
        "https://localhost:65536/p",
        "https://localhost:abc/p",
        "https://localhost:-1/p",
        "https://localhost:+1/p",
        "https://localhost:0/p",
        "https://localhost:00/p",
        "https://localhost:/p",
        "https://localhost:1:2/p",
        "https://[::1]:99999/p",
        "https://[::1]8/p",
        "https://[a.example]/p",
        "https://①②⑦.⓪.⓪.①:8443/",
        "https://a.example:８443/",
        "https://münchen.example/",
        "https://%31.example/",
        "https://a.example/<x>",
    ];
    let rules = Settings { insecure_loopback: true, ..Settings::default() };
    for address in never {
        assert!(matches!(may_post_to(address, &rules), Err(Unfit::NoUrl | Unfit::Port)), "{address}");
    }
    for address in ["https://127.1/", "https://2130706433:8443/x", "https://0x7f.0.0.1/", "https://1.2.3.256"] {
        assert_eq!(may_post_to(address, &rules), Err(Unfit::Number), "{address}");
    }
    assert_eq!(may_post_to("https://192.0.2.7/", &rules), Ok(()));
    assert_eq!(may_post_to("https://user:secret@a.example/", &rules), Err(Unfit::User));
    assert_eq!(may_post_to("http://a.example/", &rules), Err(Unfit::Insecure));
}
