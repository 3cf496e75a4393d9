//! Failures of chores: a headline, the cause, and what to do.

use std::error::Error;
use std::fmt;

/// A failed chore, described for a person.
#[derive(Debug)]
pub struct Failure {
    headline: String,
    advice: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// Outcome of a chore.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// Creates a failure without a cause, from what happened and what to do.
    pub fn new(headline: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { headline: headline.into(), advice: advice.into(), cause: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.headline)?;
        let mut cause = self.cause.as_deref().map(|cause| cause as &dyn Error);
        while let Some(error) = cause {
            write!(f, "\n  because: {error}")?;
            cause = error.source();
        }
        write!(f, "\n  what to do: {}", self.advice)
    }
}

impl Error for Failure {}

/// Extension of results that turns an error into a described failure.
pub trait Context<T> {
    /// Turns an error into a [`Failure`] of this headline and advice, with the error as its cause.
    ///
    /// # Errors
    /// When `self` is an error.
    fn or_fail(self, headline: impl FnOnce() -> String, advice: &str) -> Outcome<T>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> Context<T> for Result<T, E> {
    fn or_fail(self, headline: impl FnOnce() -> String, advice: &str) -> Outcome<T> {
        self.map_err(|error| Failure {
            headline: headline(),
            advice: advice.to_owned(),
            cause: Some(error.into()),
        })
    }
}
