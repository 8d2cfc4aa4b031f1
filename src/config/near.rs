//! The known name that a misspelt one was perhaps meant to be.

/// The nearest of the known names, when it is near enough to be worth naming.
pub(crate) fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let nearest = known.into_iter().map(|known| (distance(known, name), known)).min()?;
    // Of a short word, few letters stay when three are changed.
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    (nearest.0 <= allowed).then_some(nearest.1)
}

/// `; perhaps `NAME` is meant`, or nothing.
pub(crate) fn perhaps<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    near(name, known).map_or_else(String::new, |near| format!("; perhaps `{near}` is meant"))
}

/// How many letters to insert, remove or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (steps, x) in (1..).zip(a.chars()) {
        let mut left: usize = steps;
        let mut next = vec![left];
        for (y, above) in b.chars().zip(row.windows(2)) {
            if let [corner, up] = above {
                left = (corner + usize::from(x != y)).min(up + 1).min(left + 1);
                next.push(left);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_near_the_one_that_was_meant() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(near("email_reed", ["email_send", "email_read"]), Some("email_read"));
        assert_eq!(near("dotnett", ["zeep", "dotnet"]), Some("dotnet"));
        assert_eq!(near("x", ["yz"]), None);
        assert_eq!(perhaps("colour", ["server"]), "");
    }
}
