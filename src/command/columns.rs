//! Lists for people: values under their headings, each column as wide as its widest value; and what is told in pairs.

/// A line of headings and one for each row; nothing where there is no row. The last column is not filled up.
pub(super) fn columns<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head = headings.map(str::to_owned);
    let mut widths = [0; N];
    for row in [&head].into_iter().chain(rows) {
        for (width, value) in widths.iter_mut().zip(row) {
            *width = value.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(value, width)| format!("{value:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    [&head].into_iter().chain(rows).map(line).collect()
}

/// What is told under a title; a value of several lines goes on under its beginning, and one that is empty is left out.
pub(super) fn told(title: &str, value: &str) -> String {
    let mut title = title;
    let mut out = String::new();
    for line in value.lines().filter(|line| !line.is_empty()) {
        out += &format!("{title:13} {line}\n");
        title = "";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let row = |values: [&str; 3]| values.map(str::to_owned);
        let list = columns(["ID", "STATE", "TO"], &[row(["1", "in doubt", "ü"]), row(["22222", "owed", ""])]);
        assert_eq!(list, "ID     STATE     TO\n1      in doubt  ü\n22222  owed\n");
        assert_eq!(columns(["ID"], &[]), "");
        assert_eq!(told("waits for", "one\ntwo"), "waits for     one\n              two\n");
        assert_eq!(told("due", ""), "");
    }
}
