//! How each SOAP client is pointed at envoi: the lines for `envoi doctor`. A table; what is in it was run or is the
//! library's own documented way.
//!
//! `{soap}` is the endpoint, `{wsdl}` the WSDL, `{base}` what stands before `Service.asmx`, `{root}`
//! that without its slash (SDKs append `/v2/token`), `{id}` and `{user}` names.

use crate::config::near;

/// One client.
pub(super) struct Client {
    /// For `--client`, the first one is shown; then further spellings.
    pub(super) names: &'static [&'static str],
    /// What it is, in full.
    pub(super) title: &'static str,
    /// The lines to write.
    pub(super) lines: &'static str,
    /// What is worth knowing.
    pub(super) notes: &'static [&'static str],
}

/// All of them.
pub(super) const CLIENTS: &[Client] = &[
    Client {
        names: &["zeep", "python-zeep", "python"],
        title: "Python zeep",
        lines: r#"from zeep import Client
from zeep.wsse.username import UsernameToken
client = Client("{wsdl}", wsse=UsernameToken("{user}", PASSWORD))
client.service.GetSystemStatus()"#,
        notes: &[
            "The endpoint comes from the WSDL. With a token: `_soapheaders=[...]` with a fueloauth element in http://exacttarget.com.",
            "The full WSDL takes zeep seconds: {wsdl}&objects=Subscriber,List has only what those reach.",
            "Objects are polymorphic: make them with client.get_type(\"{http://exacttarget.com/wsdl/partnerAPI}Subscriber\").",
        ],
    },
    Client {
        names: &["suds", "suds-community", "suds-jurko"],
        title: "Python suds (suds-community)",
        lines: r#"from suds.client import Client
from suds.wsse import Security, UsernameToken
security = Security(); security.tokens.append(UsernameToken("{user}", PASSWORD))
client = Client("{wsdl}", wsse=security)
client.service.GetSystemStatus()"#,
        notes: &[
            "Make objects with client.factory.create('Subscriber'), so that they get their xsi:type.",
            "One UsernameDigestToken serves one call: a PasswordDigest is refused when it comes again.",
        ],
    },
    Client {
        names: &["fuelsdk-python", "fuelsdk", "salesforce-fuelsdk", "python-fuelsdk", "fuelsdk-py"],
        title: "FuelSDK for Python",
        lines: r#"import ET_Client
client = ET_Client.ET_Client(False, False, {
    "clientid": "{id}", "clientsecret": CLIENT_SECRET, "useOAuth2Authentication": "True",
    "authenticationurl": "{root}", "baseapiurl": "{root}", "soapendpoint": "{soap}",
    "defaultwsdl": "{wsdl}", "wsdl_file_local_loc": "/tmp/envoi.wsdl"})"#,
        notes: &[
            "Remove soap_cache_file.json: it keeps another service's endpoint for ten minutes.",
            "post() never sends Options; use client.soap_client.service.Create(options, objects).",
        ],
    },
    Client {
        names: &["fuelsdk-php", "php-fuelsdk"],
        title: "FuelSDK for PHP",
        lines: r#"$client = new ET_Client(false, false, ['clientid' => '{id}', 'clientsecret' => $secret, 'useOAuth2Authentication' => true,
    'baseAuthUrl' => '{root}', 'baseUrl' => '{root}', 'baseSoapUrl' => '{soap}',
    'defaultwsdl' => '{wsdl}', 'xmlloc' => '/tmp/envoi.wsdl']);"#,
        notes: &[
            "It asks for the WSDL with HEAD at each start and compares Last-Modified.",
            "Plain http works; TLS is verified only when told to.",
        ],
    },
    Client {
        names: &["fuelsdk-csharp", "C#", "fuelsdk-dotnet", "fuelsdk.net"],
        title: "FuelSDK for C#",
        lines: r#"<fuelSDK clientId="{id}" clientSecret="..." useOAuth2Authentication="true"
         authEndPoint="{root}" restEndPoint="{root}" soapEndPoint="{soap}" />"#,
        notes: &[
            "Its binding is SOAP 1.2 over https: serve with TLS (envoi certs dev), and let the machine trust ca.pem.",
            "Its constructor retrieves BusinessUnit (ID, Client.EnterpriseID).",
        ],
    },
    Client {
        names: &["fuelsdk-java", "java-fuelsdk"],
        title: "FuelSDK for Java",
        lines: r#"# fuelsdk.properties
clientId={id}
clientSecret=...
useOAuth2Authentication=true
authEndpoint={root}
endpoint={root}
soapEndpoint={soap}"#,
        notes: &[
            "With https, put ca.pem into the truststore: keytool -importcert -file ca.pem -alias envoi -keystore trust.jks",
        ],
    },
    Client {
        names: &["fuelsdk-ruby", "ruby", "marketingcloudsdk", "ruby-fuelsdk"],
        title: "FuelSDK for Ruby",
        lines: r#"client = MarketingCloudSDK::Client.new({'client' => {'id' => '{id}', 'secret' => secret,
  'use_oAuth2_authentication' => 'true', 'request_token_url' => '{root}', 'base_api_url' => '{root}',
  'soap_endpoint' => '{soap}'}, 'defaultwsdl' => '{wsdl}'})"#,
        notes: &["It appends service.asmx to the soap_instance_url of the token's answer."],
    },
    Client {
        names: &[
            "fuelsdk-node",
            "fuel-soap",
            "sfmc-fuelsdk-node",
            "node-fuelsdk",
            "FuelSDK-Node.js",
            "FuelSDK-Node-SOAP",
            "fuelsdk-js",
        ],
        title: "fuel-soap and sfmc-fuelsdk-node",
        lines: r#"const client = new FuelSoap({ auth: { clientId: '{id}', clientSecret, authVersion: 2, authUrl: '{base}v2/token' },
  soapEndpoint: '{soap}' });"#,
        notes: &["On Node 14 and later create the cache file of sfmc-fuelsdk-node beforehand; it cannot do so itself."],
    },
    Client {
        names: &["sfmc-sdk", "npm sfmc-sdk", "sfmc-sdk (npm)", "sfmc"],
        title: "npm sfmc-sdk",
        lines: r#"import { axiosInstance } from 'sfmc-sdk/util';
axiosInstance.interceptors.request.use((request) => {
  request.url = request.url.replace(/^https:\/\/[\da-z-]{28}\.auth\.marketingcloudapis\.com\//, '{base}');
  return request;
});"#,
        notes: &[
            "auth_url has to look like https://<28 characters>.auth.marketingcloudapis.com/: the interceptor leads it here.",
            "The SOAP host comes from soap_instance_url, so nothing else is changed.",
        ],
    },
    Client {
        names: &["node-soap", "soap", "soap (npm)", "npm soap", "node", "Node.js"],
        title: "npm soap",
        lines: r#"const soap = require('soap');
const client = await soap.createClientAsync('{wsdl}');
client.setSecurity(new soap.WSSecurity('{user}', password));
const [answer] = await client.GetSystemStatusAsync({});"#,
        notes: &[
            "Objects need their type: { attributes: { 'xsi:type': { type: 'Subscriber', xmlns: 'http://exacttarget.com/wsdl/partnerAPI' } } }.",
        ],
    },
    Client {
        names: &["php", "soapclient", "php-soapclient", "php-soap", "ext-soap"],
        title: "PHP SoapClient",
        lines: r#"$client = new SoapClient('{wsdl}', ['cache_wsdl' => WSDL_CACHE_NONE, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$ns = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
$token = new SoapVar("<o:Security xmlns:o=\"$ns\"><o:UsernameToken><o:Username>{user}</o:Username>"
  . '<o:Password>' . htmlspecialchars($password, ENT_XML1) . '</o:Password></o:UsernameToken></o:Security>', XSD_ANYXML);
$client->__setSoapHeaders(new SoapHeader($ns, 'Security', $token));"#,
        notes: &[
            "Objects need their type: new SoapVar($subscriber, SOAP_ENC_OBJECT, 'Subscriber', 'http://exacttarget.com/wsdl/partnerAPI').",
        ],
    },
    Client {
        names: &["gsoap", "C++", "wsdl2h"],
        title: "gSOAP",
        lines: r#"wsdl2h -o partnerapi.h '{wsdl}'
soapcpp2 -j -C -I /usr/share/gsoap/import partnerapi.h
// soap_wsse_add_UsernameTokenText(soap, NULL, "{user}", password);"#,
        notes: &["Link wsseapi.c. The endpoint is compiled in from the WSDL; another goes into soap_endpoint."],
    },
    Client {
        names: &[
            "java",
            "jax-ws",
            "wsimport",
            "cxf",
            "apache-cxf",
            "wsdl2java",
            "axis",
            "apache-axis",
            "axis1",
            "axis2",
        ],
        title: "Axis, CXF and JAX-WS",
        lines: r#"wsimport -keep -p partnerapi '{wsdl}'        # JAX-WS
wsdl2java -p partnerapi '{wsdl}'             # CXF, and Axis's WSDL2Java
((BindingProvider) port).getRequestContext().put(BindingProvider.ENDPOINT_ADDRESS_PROPERTY, "{soap}");"#,
        notes: &[
            "The log-in is a header: a SOAPHandler (JAX-WS), WSS4JOutInterceptor (CXF) or Call.addHeader (Axis).",
            "With https: keytool -importcert -file ca.pem -alias envoi -keystore trust.jks. Axis 1 looks at the certificate's name, not at its addresses.",
        ],
    },
    Client {
        names: &["dotnet", ".net", "wcf", "mono", "svcutil", "dotnet-svcutil", "asmx", ".NET Core", ".NET Framework"],
        title: ".NET and Mono",
        lines: r#"dotnet-svcutil '{wsdl}'
var client = new SoapClient(new BasicHttpBinding(), new EndpointAddress("{soap}"));
// https: new BasicHttpsBinding(BasicHttpsSecurityMode.TransportWithMessageCredential), then
client.ClientCredentials.UserName.UserName = "{user}";"#,
        notes: &[
            "WCF sends a UsernameToken over https only; over http add fueloauth with MessageHeader.CreateHeader(\"fueloauth\", \"http://exacttarget.com\", token).",
            "Mono's wsdl.exe: add a SoapHeaderAttribute to the generated proxy.",
        ],
    },
    Client {
        names: &["soapui", "readyapi"],
        title: "SoapUI",
        lines: r#"New SOAP project, initial WSDL: {wsdl}
Request properties: Username {user}, Password ..., WSS-Password Type PasswordText, WSS TimeToLive 300"#,
        notes: &[
            "A recorded request with an old wsu:Timestamp is refused: delete it, or let WSS TimeToLive make a new one.",
        ],
    },
    Client {
        names: &["postman"],
        title: "Postman",
        lines: r#"POST {soap}
Headers: Content-Type text/xml, SOAPAction Retrieve (the operation)
Body: raw, XML: an envelope with wsse:UsernameToken, or with a fueloauth header and the access_token of POST {base}v2/token"#,
        notes: &["Envelopes to start from are in samples/."],
    },
];

/// The client of that name: letter case and what stands between letters do not matter (`JAX-WS`, `jaxws`).
pub(super) fn named(name: &str) -> Option<&'static Client> {
    let plain_name = plain(name);
    CLIENTS.iter().find(|client| client.names.iter().any(|known| plain(known) == plain_name))
}

/// The names of clients that are near to an unknown one.
pub(super) fn near(name: &str) -> Option<&'static str> {
    let plain_name = plain(name);
    let all = || CLIENTS.iter().flat_map(|client| client.names.iter().copied());
    // A part of a name is as near as a misspelt one.
    let part = all().find(|known| plain_name.len() > 2 && plain(known).contains(&plain_name));
    part.or_else(|| {
        let spelt: Vec<_> = all().map(|known| (plain(known), known)).collect();
        let found = near::near(&plain_name, spelt.iter().map(|(plain, _)| plain.as_str()))?;
        spelt.iter().find(|(plain, _)| plain == found).map(|(_, known)| *known)
    })
}

/// Small letters and digits alone; `#` and `+` are spelt out.
fn plain(name: &str) -> String {
    let spelt = name.to_lowercase().replace('#', "sharp").replace('+', "p");
    spelt.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once_and_every_client_names_the_endpoint_or_the_wsdl() {
        let names: Vec<_> = CLIENTS.iter().flat_map(|client| client.names).map(|name| plain(name)).collect();
        let once: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(once.len(), names.len());
        for client in CLIENTS {
            let leads = ["{soap}", "{wsdl}", "{base}", "{root}"].iter().any(|place| client.lines.contains(place));
            assert!(leads, "{}", client.title);
        }
        assert_eq!(named("ZEEP").map(|client| client.title), Some("Python zeep"));
        assert!(named("curl").is_none());
        for (name, title) in [
            ("FuelSDK-C#", "FuelSDK for C#"),
            ("fuelsdk_csharp", "FuelSDK for C#"),
            ("CSharp", "FuelSDK for C#"),
            ("JAX-WS", "Axis, CXF and JAX-WS"),
            ("jaxws", "Axis, CXF and JAX-WS"),
            ("Apache CXF", "Axis, CXF and JAX-WS"),
            ("soap (npm)", "npm soap"),
            (".NET", ".NET and Mono"),
            ("WCF", ".NET and Mono"),
            ("SoapUI", "SoapUI"),
            ("Postman", "Postman"),
            ("fuelsdk (python)", "FuelSDK for Python"),
        ] {
            assert_eq!(named(name).map(|client| client.title), Some(title), "{name}");
        }
        assert_eq!((near("zep"), near("postmann"), near("curl")), (Some("zeep"), Some("postman"), None));
    }
}
