//! Work that is on its way while something else is done.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// What a device will have answered, some time.
pub type Later<T> = Pin<Box<dyn Future<Output = T>>>;

/// Work that is begun at once and waited for later: what it asks of a device comes there before what is asked for after it.
///
/// It has to be waited for. A read-back that is dropped on its way leaves the memory that it was to come to in use, in a browser, and the next that is
/// given this memory fails.
#[must_use]
pub enum Begun<T> {
    /// It did not have to wait.
    Done(T),
    /// It is under way.
    Going(Later<T>),
}

impl<T> Begun<T> {
    /// Does `work` as far as it goes without waiting.
    pub fn new(work: impl Future<Output = T> + 'static) -> Self {
        let mut work: Later<T> = Box::pin(work);
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => Self::Done(outcome),
            Poll::Pending => Self::Going(work),
        }
    }

    /// Whether it was done at once.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// Waits for what comes of it.
    pub async fn outcome(self) -> T {
        match self {
            Self::Done(outcome) => outcome,
            Self::Going(work) => work.await,
        }
    }
}

impl<T> fmt::Debug for Begun<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_done() { "Done" } else { "Going" })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use pollster::block_on;

    use super::*;

    /// A future that waits once.
    async fn turn() {
        let mut waited = false;
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    #[test]
    fn work_goes_as_far_as_its_first_wait_and_on_when_it_is_waited_for() {
        for waits in [false, true] {
            let parts = Rc::new(Cell::new(0));
            let counted = Rc::clone(&parts);
            let begun = Begun::new(async move {
                counted.set(1);
                if waits {
                    turn().await;
                }
                counted.set(2);
                "done"
            });
            assert_eq!((parts.get(), begun.is_done()), (if waits { 1 } else { 2 }, !waits));
            assert_eq!((block_on(begun.outcome()), parts.get()), ("done", 2));
        }
    }
}
