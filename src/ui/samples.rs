//! Sample pictures, served beside the page; `www/samples/CREDITS.md` lists them.

/// A sample picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// File below `samples/`.
    pub file: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// Its author.
    pub credit: &'static str,
}

impl Sample {
    /// Returns the address of its thumbnail.
    pub fn thumbnail(&self) -> String {
        format!("samples/thumbnails/{}", self.file)
    }
}

/// Photos; the first is the one of "Try a sample".
pub const PHOTOS: [Sample; 4] = [
    Sample { file: "photo-cat.jpg", title: "Chelsea, a cat", credit: "Stéfan van der Walt, CC0" },
    Sample {
        file: "photo-astronaut.jpg",
        title: "Eileen Collins, astronaut",
        credit: "NASA, public domain",
    },
    Sample { file: "photo-coffee.jpg", title: "A cup of coffee", credit: "Rachel Michetti, CC0" },
    Sample { file: "photo-rocket.jpg", title: "A rocket at dusk", credit: "SpaceX, public domain" },
];

/// The painting that is painted after if none is chosen.
pub const PRESELECTED: &Sample = &PAINTINGS[0];

/// Returns a painting of the shelf other than `file`, by `chance` in 0..1.
pub fn surprise(file: Option<&str>, chance: f64) -> &'static Sample {
    let others: Vec<&Sample> =
        PAINTINGS.iter().filter(|painting| Some(painting.file) != file).collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a number of a few"
    )]
    let number = (chance.clamp(0.0, 1.0) * others.len() as f64) as usize;
    others[number.min(others.len() - 1)]
}

/// Paintings of the shelf.
pub const PAINTINGS: [Sample; 10] = [
    Sample {
        file: "painting-starry-night.jpg",
        title: "The Starry Night",
        credit: "Vincent van Gogh, 1889, public domain",
    },
    Sample {
        file: "painting-night.jpg",
        title: "Harbour at night",
        credit: "painted by this project",
    },
    Sample {
        file: "painting-orchard.jpg",
        title: "Orchard above the bay",
        credit: "painted by this project",
    },
    Sample { file: "painting-ember.jpg", title: "Ember", credit: "painted by this project" },
    Sample {
        file: "painting-mist.jpg",
        title: "Mountains in mist",
        credit: "painted by this project",
    },
    Sample {
        file: "painting-window.jpg",
        title: "Valley window",
        credit: "painted by this project",
    },
    Sample {
        file: "painting-cubist.jpg",
        title: "Guitar and bottle",
        credit: "painted by this project",
    },
    Sample {
        file: "painting-fauve.jpg",
        title: "Orange trees by the harbour",
        credit: "painted by this project",
    },
    Sample {
        file: "painting-watercolour.jpg",
        title: "Poppies on the cliff",
        credit: "painted by this project",
    },
    Sample {
        file: "painting-hatching.jpg",
        title: "Tower by the old road",
        credit: "painted by this project",
    },
];

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_surprise_is_any_other_painting() {
        let found: BTreeSet<&str> = (0_u8..=100)
            .map(|percent| surprise(Some(PRESELECTED.file), f64::from(percent) / 100.0).file)
            .collect();
        assert_eq!(found.len(), PAINTINGS.len() - 1);
        assert!(!found.contains(PRESELECTED.file));
    }

    #[test]
    fn the_table_names_every_picture_served_and_each_is_credited() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/samples");
        let listed: BTreeSet<String> =
            PHOTOS.iter().chain(&PAINTINGS).map(|sample| sample.file.to_owned()).collect();
        let names = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let served: BTreeSet<String> = names.filter(|name| name.ends_with(".jpg")).collect();
        assert_eq!(listed, served);

        for sample in PHOTOS.iter().chain(&PAINTINGS) {
            let thumbnail = folder.parent().unwrap().join(sample.thumbnail());
            let bytes = std::fs::metadata(&thumbnail).unwrap().len();
            assert!(bytes <= 18_000, "{}: {bytes} bytes", sample.file);
        }

        let credits = std::fs::read_to_string(folder.join("CREDITS.md")).unwrap();
        for file in &listed {
            assert!(credits.contains(&format!("`{file}`")), "{file} is not credited");
        }
    }
}
