//! Random choices that a seed makes again.

/// xorshift64*.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// ENVOI_SEED, or one that the system gives; it is printed.
    pub(crate) fn seed() -> u64 {
        let seed = match std::env::var("ENVOI_SEED") {
            Ok(seed) => seed.parse().unwrap_or_else(|_| panic!("ENVOI_SEED is {seed:?}, expected a number")),
            Err(_) => u64::from_le_bytes(uuid::Uuid::new_v4().as_bytes()[..8].try_into().unwrap()) >> 16,
        };
        println!("ENVOI_SEED={seed}");
        seed
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % bound
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, usize::try_from(self.below(at as u64 + 1)).unwrap());
        }
    }
}
