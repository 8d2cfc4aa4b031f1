//! Room on the disk that nothing live needs: sled reuses it, but does not give it back. It only says so; `envoi compact` acts.

/// Less than this on disk is not worth a word ...
const LARGE: u64 = 1 << 30;
/// ... nor is less than so many times of what is live. A steady load stays below two.
const RATIO: u64 = 4;

/// Says it once, and again only after it was better.
#[derive(Default)]
pub(super) struct Space {
    said: bool,
}

impl Space {
    /// A sentence for the log, when there is something to say.
    pub(super) fn look(&mut self, disk: u64, live: u64) -> Option<String> {
        let wasteful = disk >= LARGE && disk / RATIO >= live;
        let news = wasteful && !self.said;
        // Half-way back: what swings about the limit is not said at each turn.
        if wasteful || disk < LARGE / 2 || disk / 2 < live {
            self.said = wasteful;
        }
        news.then(|| {
            format!(
                "the store takes {} MiB on disk for {} MiB of data: `envoi compact` gives the rest back",
                disk >> 20,
                live >> 20
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waste_is_said_once() {
        let mut space = Space::default();
        assert_eq!(space.look(LARGE - 1, 0), None, "too little to speak of");
        assert_eq!(space.look(10 * LARGE, 5 * LARGE), None);
        let said = space.look(8 * LARGE, 2 * LARGE).expect("four times");
        assert!(said.contains("8192 MiB") && said.contains("2048 MiB") && said.contains("envoi compact"), "{said}");
        assert_eq!(space.look(9 * LARGE, 1), None, "it was said");
        assert_eq!(space.look(7 * LARGE, 2 * LARGE), None);
        assert_eq!(space.look(9 * LARGE, 2 * LARGE), None, "it swings");
        assert_eq!(space.look(4 * LARGE, 3 * LARGE), None);
        assert!(space.look(16 * LARGE, 3 * LARGE).is_some(), "it was better in between");
        assert_eq!(space.look(LARGE / 4, 1), None);
        assert!(space.look(LARGE, 0).is_some());
    }
}
