//! GPU or processor: the wish of the person, the offer of the browser, the outcome. Pure functions,
//! one rule each.

use serde::{Deserialize, Serialize};

use crate::protocol::{DeviceKind, DeviceReport};

/// The choice of the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// The fastest that works.
    #[default]
    Auto,
    /// WebGPU, even when the processor would be faster.
    Gpu,
    /// The processor, even beside a good graphics card.
    Cpu,
}

impl DeviceChoice {
    /// All choices, in the order shown.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Gpu, Self::Cpu];

    /// Returns its key in the settings.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        }
    }

    /// Returns the choice of this [`Self::key`].
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.key() == key)
    }
}

/// Returns the device to open first; `has_webgpu`: the browser has `navigator.gpu`.
pub fn first_device(choice: DeviceChoice, has_webgpu: bool) -> DeviceKind {
    match choice {
        DeviceChoice::Gpu => DeviceKind::Gpu,
        DeviceChoice::Auto if has_webgpu => DeviceKind::Gpu,
        DeviceChoice::Auto | DeviceChoice::Cpu => DeviceKind::Cpu,
    }
}

/// Returns the device to try after `failed` could not be opened; `None` if there is none.
pub fn device_after_failure(choice: DeviceChoice, failed: DeviceKind) -> Option<DeviceKind> {
    (choice == DeviceChoice::Auto && failed == DeviceKind::Gpu).then_some(DeviceKind::Cpu)
}

/// Returns the device to open instead of the current one; `None` to keep it. An emulated GPU is
/// slower than Burn's CPU backend.
pub fn better_device(choice: DeviceChoice, opened: &DeviceReport) -> Option<DeviceKind> {
    (choice == DeviceChoice::Auto && opened.software).then_some(DeviceKind::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::DeviceLimits;

    fn report(kind: DeviceKind, software: bool) -> DeviceReport {
        DeviceReport {
            kind,
            name: String::new(),
            software,
            max_edge: 1024,
            limits: DeviceLimits::AMPLE,
        }
    }

    #[test]
    fn automatic_takes_the_gpu_where_there_is_one_and_falls_back_once() {
        assert_eq!(first_device(DeviceChoice::Auto, true), DeviceKind::Gpu);
        assert_eq!(first_device(DeviceChoice::Auto, false), DeviceKind::Cpu);
        assert_eq!(
            device_after_failure(DeviceChoice::Auto, DeviceKind::Gpu),
            Some(DeviceKind::Cpu)
        );
        assert_eq!(device_after_failure(DeviceChoice::Auto, DeviceKind::Cpu), None);
    }

    #[test]
    fn automatic_leaves_an_emulated_gpu_for_the_processor_and_keeps_a_real_one() {
        assert_eq!(
            better_device(DeviceChoice::Auto, &report(DeviceKind::Gpu, true)),
            Some(DeviceKind::Cpu)
        );
        assert_eq!(better_device(DeviceChoice::Auto, &report(DeviceKind::Gpu, false)), None);
        assert_eq!(better_device(DeviceChoice::Auto, &report(DeviceKind::Cpu, false)), None);
    }

    #[test]
    fn a_person_who_chose_is_never_overruled() {
        assert_eq!(first_device(DeviceChoice::Gpu, false), DeviceKind::Gpu);
        assert_eq!(first_device(DeviceChoice::Cpu, true), DeviceKind::Cpu);
        assert_eq!(device_after_failure(DeviceChoice::Gpu, DeviceKind::Gpu), None);
        assert_eq!(better_device(DeviceChoice::Gpu, &report(DeviceKind::Gpu, true)), None);
    }

    #[test]
    fn keys_name_their_choices() {
        for choice in DeviceChoice::ALL {
            assert_eq!(DeviceChoice::from_key(choice.key()), Some(choice));
        }
        assert_eq!(DeviceChoice::from_key("quantum"), None);
    }
}
