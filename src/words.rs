//! All words for people: errors, notices, statuses. Pure functions of codes and values, used by
//! page, worker and command line alike, so that another language has one place to go.

pub mod faults;
pub mod figures;
pub mod menus;
pub mod notices;
pub mod page;
pub mod status;
pub mod workshop;

/// An error or a notice as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    /// What happened, in a few plain words.
    pub headline: String,
    /// What the person can do about it, in whole sentences.
    pub advice: String,
    /// The technical cause, for a report; may be empty.
    pub detail: String,
}

impl UserError {
    /// An error of these three parts.
    pub fn new(
        headline: impl Into<String>,
        advice: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self { headline: headline.into(), advice: advice.into(), detail: detail.into() }
    }
}
