//! Durable memory: a few named transactions. sled lives here and nowhere else.
