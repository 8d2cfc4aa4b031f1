//! The front door: hyper, rustls, limits, WSDL, tokens, health.
pub mod access;
pub mod tokens;
