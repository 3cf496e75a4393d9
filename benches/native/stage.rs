//! The measured device and the clocks.

use std::time::Instant;

use burn::tensor::Device;
use harness::bench::case::{self, Case};
use harness::bench::line::Spread;
use harness::bench::processor;
use harness::failure::{Context, Failure, Outcome};
use impasto::engine::device::{OpenDevice, open_cpu, open_gpu};
use impasto::memory::DeviceLimits;
use pollster::block_on;

/// A device and its observed peak of reserved memory.
pub struct Stage {
    /// Device for tensors.
    pub device: Device,
    /// Limits.
    pub limits: DeviceLimits,
    /// Name, as far as it is known.
    pub adapter: Option<String>,
    peak_bytes: Option<u64>,
}

impl Stage {
    /// Opens the device of `case`.
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

    /// Waits until the device is idle.
    pub fn wait(&self) -> Outcome {
        self.device.sync().or_fail(|| "the device failed".to_owned(), "ask for a smaller --size")
    }

    /// Returns the bytes in use on the device, if known. The bytes reserved for them count towards
    /// the peak.
    pub fn bytes_in_use(&mut self) -> Option<u64> {
        let usage = self.device.memory_pool_usage()?;
        self.peak_bytes = self.peak_bytes.max(Some(usage.bytes_reserved));
        Some(usage.bytes_in_use)
    }

    /// Returns the peak of reserved bytes over all calls of [`Self::bytes_in_use`].
    pub fn peak_bytes(&self) -> Option<u64> {
        self.peak_bytes
    }

    /// Does `work`, waits for the device, and adds the time to `clock`.
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

/// Recorded times.
#[derive(Debug, Default)]
pub struct Clock {
    ms: Vec<f64>,
    /// CPU time of all, s; NaN where the system does not report it.
    cpu_ms: f64,
}

impl Clock {
    /// Returns the times, ms.
    pub fn spread(&self) -> Spread {
        Spread::of(&self.ms)
    }

    /// Returns the mean CPU time of all threads, ms. The system counts it in hundredths of a
    /// second, too coarse for single times.
    pub fn cpu_ms(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let mean = self.cpu_ms / self.ms.len() as f64;
        mean.is_finite().then_some(mean)
    }
}
