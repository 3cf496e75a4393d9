//! Work submitted to a device now and awaited later.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A boxed future that need not be `Send`.
pub type LocalBoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// Work that is submitted at once and awaited later. The device runs it before anything submitted
/// after it.
///
/// Must be awaited: in a browser, dropping a pending read-back leaves its staging buffer mapped,
/// and the next read-back to reuse it fails.
#[must_use]
pub enum InFlight<T> {
    /// The result: nothing had to wait.
    Ready(T),
    /// The rest of the work.
    Pending(LocalBoxFuture<T>),
}

impl<T> InFlight<T> {
    /// Polls `work` once, which submits it.
    pub fn new(work: impl Future<Output = T> + 'static) -> Self {
        let mut work: LocalBoxFuture<T> = Box::pin(work);
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(wait) => Self::Ready(wait),
            Poll::Pending => Self::Pending(work),
        }
    }

    /// Whether the result was there at once.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }

    /// Waits for the result.
    pub async fn wait(self) -> T {
        match self {
            Self::Ready(wait) => wait,
            Self::Pending(work) => work.await,
        }
    }
}

impl<T> fmt::Debug for InFlight<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_ready() { "Done" } else { "Going" })
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
            let begun = InFlight::new(async move {
                counted.set(1);
                if waits {
                    turn().await;
                }
                counted.set(2);
                "done"
            });
            assert_eq!((parts.get(), begun.is_ready()), (if waits { 1 } else { 2 }, !waits));
            assert_eq!((block_on(begun.wait()), parts.get()), ("done", 2));
        }
    }
}
