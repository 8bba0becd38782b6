//! The allowlist: domains that are known to look like tunnels, with the reason.

use std::fs;
use std::path::Path;

use wildmatch::WildMatch;

/// The files: the user's own, which an upgrade of the app leaves alone, and the app's.
const FILES: [&str; 2] = ["dnsentropy_allowlist_local.csv", "dnsentropy_allowlist.csv"];

/// Patterns of registrable domains and the reasons why they are no news.
#[derive(Debug, Default)]
pub struct Allowlist {
    patterns: Vec<(WildMatch, String)>,
}

impl Allowlist {
    /// Reads the allowlists of a folder of lookups: CSV files with the columns `domain` and `reason`. `*` stands for any
    /// text; `*.example.com` covers `example.com` too. Case does not matter.
    ///
    /// # Errors
    ///
    /// What is wrong with a file, and what to do about it. A file that does not exist is an empty allowlist.
    pub fn read(lookups: &Path) -> Result<Allowlist, String> {
        let mut allowlist = Allowlist::default();
        for file in FILES {
            allowlist.add(&lookups.join(file))?;
        }
        Ok(allowlist)
    }

    fn add(&mut self, file: &Path) -> Result<(), String> {
        let problem = |problem: &str| format!("the allowlist {}: {problem}", file.display());
        if !file.exists() {
            return Ok(());
        }
        let bytes = fs::read(file).map_err(|error| problem(&error.to_string()))?;
        // `outputlookup` leaves an empty file when there is nothing to write.
        if bytes.trim_ascii().is_empty() {
            return Ok(());
        }
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes.as_slice());
        let header = reader.byte_headers().map_err(|error| problem(&error.to_string()))?;
        let column = |name: &str| header.iter().position(|header| header == name.as_bytes());
        let domain = column("domain").ok_or_else(|| problem("it has no column 'domain'"))?;
        let reason = column("reason");
        for record in reader.byte_records() {
            let record = record.map_err(|error| problem(&error.to_string()))?;
            let text =
                |column: usize| String::from_utf8_lossy(record.get(column).unwrap_or_default()).into_owned();
            let pattern = text(domain).to_lowercase();
            let reason =
                reason.map(text).filter(|reason| !reason.is_empty()).unwrap_or_else(|| pattern.clone());
            if let Some(parent) = pattern.strip_prefix("*.") {
                self.patterns.push((WildMatch::new(parent), reason.clone()));
            }
            if !pattern.is_empty() {
                self.patterns.push((WildMatch::new(&pattern), reason));
            }
        }
        Ok(())
    }

    /// Why `domain` is allowed, if it is.
    pub fn reason(&self, domain: &str) -> Option<&str> {
        self.patterns.iter().find(|(pattern, _)| pattern.matches(domain)).map(|(_, reason)| reason.as_str())
    }
}
