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

/// Paintings of the shelf.
pub const PAINTINGS: [Sample; 6] = [
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
];

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

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

        let credits = std::fs::read_to_string(folder.join("CREDITS.md")).unwrap();
        for file in &listed {
            assert!(credits.contains(&format!("`{file}`")), "{file} is not credited");
        }
    }
}
