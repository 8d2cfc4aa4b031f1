//! An RSA key for one run of the demonstration: only the simulated backend of the same process ever trusts it.
//!
//! The TLS library signs with such keys and makes none, and a key in the sources would be known to everybody.

use base64::{Engine, engine::general_purpose::STANDARD};
use num_bigint::BigUint;
use ring::rsa::KeyPair;

/// Bits of each prime; the modulus has twice as many.
const BITS: usize = 1024;
/// Rounds of Miller-Rabin: a random number of this size that passes is prime but for 2^-100.
const ROUNDS: usize = 8;

/// A key, as PKCS#1.
pub(super) struct Key {
    der: Vec<u8>,
}

impl Key {
    /// Makes one.
    pub(super) fn generate() -> Result<Self, String> {
        let e = BigUint::from(65_537_u32);
        loop {
            let (one, other) = (prime(&e)?, prime(&e)?);
            if one == other {
                continue;
            }
            let (p, q) = if one > other { (one, other) } else { (other, one) };
            let (p1, q1) = (&p - 1_u32, &q - 1_u32);
            let Some((d, inverse)) = e.modinv(&(&p1 * &q1)).zip(q.modinv(&p)) else {
                continue;
            };
            let numbers = [BigUint::ZERO, &p * &q, e, d.clone(), p.clone(), q.clone(), &d % &p1, &d % &q1, inverse];
            let body: Vec<u8> = numbers.iter().flat_map(integer).collect();
            return Ok(Self { der: tagged(0x30, &body) });
        }
    }

    /// As PEM.
    pub(super) fn pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let lines: String =
            text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect();
        let (begin, end) = ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----");
        format!("{begin}\n{lines}{end}\n")
    }

    /// The public half, as PKCS#1.
    pub(super) fn public(&self) -> Result<Vec<u8>, String> {
        let pair = KeyPair::from_der(&self.der).map_err(|error| format!("the key of the demonstration: {error}"))?;
        Ok(pair.public().as_ref().to_vec())
    }
}

fn prime(e: &BigUint) -> Result<BigUint, String> {
    let small: Vec<u32> = (3..2000).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0)).collect();
    loop {
        let mut bytes = [0_u8; BITS / 8];
        getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
        let mut number = BigUint::from_bytes_be(&bytes);
        // The two highest, so that the product has all its bits; the lowest, since it is odd.
        for bit in [BITS as u64 - 1, BITS as u64 - 2, 0] {
            number.set_bit(bit, true);
        }
        let coprime = (&number - 1_u32) % e != BigUint::ZERO;
        if coprime && small.iter().all(|divisor| &number % *divisor != BigUint::ZERO) && is_prime(&number)? {
            return Ok(number);
        }
    }
}

/// Miller-Rabin.
fn is_prime(number: &BigUint) -> Result<bool, String> {
    let (one, less) = (BigUint::from(1_u32), number - 1_u32);
    let twos = less.trailing_zeros().unwrap_or(0);
    let odd = &less >> twos;
    for _ in 0..ROUNDS {
        let mut bytes = [0_u8; BITS / 8 - 1];
        getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
        let mut x = (BigUint::from_bytes_be(&bytes) + 2_u32).modpow(&odd, number);
        if x == one || x == less {
            continue;
        }
        let mut is_witness = true;
        for _ in 1..twos {
            x = &x * &x % number;
            if x == less {
                is_witness = false;
                break;
            }
        }
        if is_witness {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A number as DER.
fn integer(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    // The highest bit would be a sign.
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    tagged(0x02, &bytes)
}

fn tagged(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len().to_be_bytes();
    let mut out = vec![tag];
    match body.len() {
        short @ 0..=127 => out.push(u8::try_from(short).unwrap_or_default()),
        _ => {
            let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(length.len()).unwrap_or_default());
            out.extend(length);
        }
    }
    out.extend(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connector::check_private_key, message::client::Secret};

    #[test]
    fn a_key_signs_and_each_is_another() {
        let (one, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        assert_eq!(check_private_key(&Secret::new(one.pem())), Ok(()));
        assert_ne!(one.public().unwrap(), other.public().unwrap());
    }
}
