//! The device under measurement, and the clocks.

use std::time::Instant;

use burn::tensor::Device;
use harness::bench::case::{self, Case};
use harness::bench::line::Spread;
use harness::bench::processor;
use harness::failure::{Context, Failure, Outcome};
use impasto::engine::device::{OpenDevice, open_cpu, open_gpu};
use impasto::memory::DeviceLimits;
use pollster::block_on;

/// A device, and the most that was seen reserved on it.
pub struct Stage {
    /// For tensors.
    pub device: Device,
    /// What it has room for.
    pub limits: DeviceLimits,
    /// Its name, as far as it is told.
    pub adapter: Option<String>,
    peak_bytes: Option<u64>,
}

impl Stage {
    /// Opens what `case` computes on.
    pub fn open(case: &Case) -> Outcome<Self> {
        let opened = match case.device {
            case::Device::Gpu => block_on(open_gpu(|_| ())),
            case::Device::Cpu => open_cpu(),
        };
        let OpenDevice { device, name, max_edge, limits, .. } = opened.or_fail(
            || "no device could be opened".to_owned(),
            "see to the graphics driver, or try --device cpu",
        )?;
        if case.size > max_edge {
            return Err(Failure::new(
                format!("pictures on this device are at most {max_edge} px"),
                "ask for a smaller --size",
            ));
        }
        Ok(Self {
            device,
            limits,
            adapter: Some(name).filter(|name| !name.is_empty()),
            peak_bytes: None,
        })
    }

    /// Waits until the device has done all that was asked of it.
    pub fn wait(&self) -> Outcome {
        self.device.sync().or_fail(|| "the device failed".to_owned(), "ask for a smaller --size")
    }

    /// Bytes in use on the device, where it tells. What is reserved for them counts for the peak.
    pub fn bytes_in_use(&mut self) -> Option<u64> {
        let usage = self.device.memory_pool_usage()?;
        self.peak_bytes = self.peak_bytes.max(Some(usage.bytes_reserved));
        Some(usage.bytes_in_use)
    }

    /// The most that was reserved on the device whenever [`Self::bytes_in_use`] looked.
    pub fn peak_bytes(&self) -> Option<u64> {
        self.peak_bytes
    }

    /// Does `work` and waits for the device; adds the time to `clock`.
    pub fn time<T>(&self, clock: &mut Clock, work: impl FnOnce() -> T) -> Outcome<T> {
        let (begun, cpu) = (Instant::now(), processor::own_seconds());
        let done = work();
        self.wait()?;
        clock.ms.push(begun.elapsed().as_secs_f64() * 1e3);
        clock.cpu_ms +=
            processor::own_seconds().zip(cpu).map_or(f64::NAN, |(now, then)| (now - then) * 1e3);
        Ok(done)
    }
}

/// Times taken.
#[derive(Debug, Default)]
pub struct Clock {
    ms: Vec<f64>,
    /// All together; not a number where the system does not tell.
    cpu_ms: f64,
}

impl Clock {
    /// The times, ms.
    pub fn spread(&self) -> Spread {
        Spread::of(&self.ms)
    }

    /// CPU time, all threads, on average, ms. The system counts it in hundredths of a second, so
    /// that single times would be coarse.
    pub fn cpu_ms(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let mean = self.cpu_ms / self.ms.len() as f64;
        mean.is_finite().then_some(mean)
    }
}
