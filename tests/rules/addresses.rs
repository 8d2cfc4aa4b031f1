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
