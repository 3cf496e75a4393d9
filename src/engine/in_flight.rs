//! Work that is on its way while something else is done.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// What a device will have answered, some time.
pub type LocalBoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// Work that is begun at once and waited for later: what it asks of a device comes there before
/// what is asked for after it.
///
/// It has to be waited for. A read-back that is dropped on its way leaves the memory that it was to
/// come to in use, in a browser, and the next that is given this memory fails.
#[must_use]
pub enum InFlight<T> {
    /// It did not have to wait.
    Ready(T),
    /// It is under way.
    Pending(LocalBoxFuture<T>),
}

impl<T> InFlight<T> {
    /// Does `work` as far as it goes without waiting.
    pub fn new(work: impl Future<Output = T> + 'static) -> Self {
        let mut work: LocalBoxFuture<T> = Box::pin(work);
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(wait) => Self::Ready(wait),
            Poll::Pending => Self::Pending(work),
        }
    }

    /// Whether it was done at once.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }

    /// Waits for what comes of it.
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
