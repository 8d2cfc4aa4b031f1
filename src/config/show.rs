//! How settings are shown: the effective ones as TOML, and the whole table as Markdown for the README.

use super::{Config, table::settings, value::quoted};

/// The effective settings as a configuration file, each with its origin; secrets are left out.
pub fn toml(config: &Config) -> String {
    let mut out = String::new();
    let mut section = "";
    for (setting, effective) in settings().zip(&config.effective) {
        let (head, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if head != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            out.push_str(&format!("{gap}[{head}]\n"));
            section = head;
        }
        let value = &effective.value;
        // A secret is not shown, and what stands for it must not be read as one.
        let unset = if setting.kind.secret() || (value.is_empty() && setting.default.is_empty()) { "# " } else { "" };
        let value = if setting.kind.listed() {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            format!("[{}]", items.map(quoted).collect::<Vec<_>>().join(", "))
        } else if setting.kind.bare() {
            value.clone()
        } else {
            quoted(value)
        };
        out.push_str(&format!("{unset}{name} = {value} # {}\n", effective.origin));
    }
    for account in config.accounts.accounts() {
        let (mid, name, enterprise) = (account.mid, quoted(&account.name), account.enterprise);
        out.push_str(&format!("\n[[account]]\nmid = {mid}\nname = {name}\nenterprise = {enterprise}\n"));
    }
    for caller in config.accounts.described() {
        let (name, hashes) = if caller.list == "user" { ("name", "password_hashes") } else { ("id", "secret_hashes") };
        let (list, value, account) = (caller.list, quoted(caller.name), caller.account);
        out.push_str(&format!("\n[[{list}]]\n{name} = {value}\naccount = {account}\n"));
        out.push_str(&format!("# {hashes}: {} not shown\n", caller.hashes));
        if caller.digest {
            out.push_str("# digest_secret: not shown\n");
        }
    }
    out.push_str(&super::connectors::toml(config));
    out
}

/// The table of settings for the README.
pub fn markdown() -> String {
    let mut out = "| Key | Default | Values | What it is for |\n| --- | --- | --- | --- |\n".to_owned();
    for setting in settings() {
        let default = if setting.default.is_empty() { "none".into() } else { format!("`{}`", setting.default) };
        out.push_str(&format!("| `{}` | {default} | {} | {} |\n", setting.key, setting.kind.words(), setting.doc));
    }
    out
}
