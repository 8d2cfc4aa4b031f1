//! The front door: hyper, rustls, limits, WSDL, tokens, health.
