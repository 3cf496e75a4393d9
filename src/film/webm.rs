//! WebM with one track of video: EBML (RFC 8794) and Matroska (RFC 9559), as far as a short film
//! needs them.

/// A compressed image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Time that it is shown at, ms.
    pub at_ms: u32,
    /// Whether it needs no other.
    pub is_key: bool,
    /// The codec's bytes.
    pub bytes: Vec<u8>,
}

/// What a track is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// Matroska's name of the codec, as in `V_VP8`.
    pub codec: &'static str,
    /// Width, px.
    pub width: u32,
    /// Height, px.
    pub height: u32,
}

/// Longest cluster, ms: a block's time is a signed 16-bit number within its cluster.
const CLUSTER_MS: u32 = 30_000;

// Element ids, RFC 8794 section 11.3 and RFC 9559 section 5.1.
const EBML: &[u8] = &[0x1A, 0x45, 0xDF, 0xA3];
const EBML_VERSION: &[u8] = &[0x42, 0x86];
const EBML_READ_VERSION: &[u8] = &[0x42, 0xF7];
const EBML_MAX_ID_LENGTH: &[u8] = &[0x42, 0xF2];
const EBML_MAX_SIZE_LENGTH: &[u8] = &[0x42, 0xF3];
const DOC_TYPE: &[u8] = &[0x42, 0x82];
const DOC_TYPE_VERSION: &[u8] = &[0x42, 0x87];
const DOC_TYPE_READ_VERSION: &[u8] = &[0x42, 0x85];
const SEGMENT: &[u8] = &[0x18, 0x53, 0x80, 0x67];
const INFO: &[u8] = &[0x15, 0x49, 0xA9, 0x66];
const TIMESTAMP_SCALE: &[u8] = &[0x2A, 0xD7, 0xB1];
const DURATION: &[u8] = &[0x44, 0x89];
const MUXING_APP: &[u8] = &[0x4D, 0x80];
const WRITING_APP: &[u8] = &[0x57, 0x41];
const TRACKS: &[u8] = &[0x16, 0x54, 0xAE, 0x6B];
const TRACK_ENTRY: &[u8] = &[0xAE];
const TRACK_NUMBER: &[u8] = &[0xD7];
const TRACK_UID: &[u8] = &[0x73, 0xC5];
const TRACK_TYPE: &[u8] = &[0x83];
const CODEC_ID: &[u8] = &[0x86];
const VIDEO: &[u8] = &[0xE0];
const PIXEL_WIDTH: &[u8] = &[0xB0];
const PIXEL_HEIGHT: &[u8] = &[0xBA];
const CLUSTER: &[u8] = &[0x1F, 0x43, 0xB6, 0x75];
const TIMESTAMP: &[u8] = &[0xE7];
const SIMPLE_BLOCK: &[u8] = &[0xA3];

/// Returns the file of `chunks`, in the order of their times, that lasts `length_ms`. The last
/// chunk stays until the end.
///
/// # Panics
/// If the first chunk is no key, or a cluster of [`CLUSTER_MS`] begins with none.
pub fn file(track: &Track, chunks: &[Chunk], length_ms: u32) -> Vec<u8> {
    assert!(chunks.first().is_some_and(|chunk| chunk.is_key), "a film begins with a key");
    let clusters = chunks
        .chunk_by(|one, other| one.at_ms / CLUSTER_MS == other.at_ms / CLUSTER_MS)
        .flat_map(cluster);
    let body = [info(length_ms), tracks(track)].into_iter().flatten().chain(clusters).collect();
    [head(), element(SEGMENT, body)].concat()
}

fn head() -> Vec<u8> {
    let parts = [
        number(EBML_VERSION, 1),
        number(EBML_READ_VERSION, 1),
        number(EBML_MAX_ID_LENGTH, 4),
        number(EBML_MAX_SIZE_LENGTH, 8),
        text(DOC_TYPE, "webm"),
        number(DOC_TYPE_VERSION, 4),
        number(DOC_TYPE_READ_VERSION, 2),
    ];
    element(EBML, parts.concat())
}

fn info(length_ms: u32) -> Vec<u8> {
    let parts = [
        // Nanoseconds of a unit of time: milliseconds.
        number(TIMESTAMP_SCALE, 1_000_000),
        element(DURATION, f64::from(length_ms).to_be_bytes().to_vec()),
        text(MUXING_APP, "impasto"),
        text(WRITING_APP, "impasto"),
    ];
    element(INFO, parts.concat())
}

fn tracks(track: &Track) -> Vec<u8> {
    let sides = [number(PIXEL_WIDTH, track.width), number(PIXEL_HEIGHT, track.height)];
    let entry = [
        number(TRACK_NUMBER, 1),
        number(TRACK_UID, 1),
        // Video.
        number(TRACK_TYPE, 1),
        text(CODEC_ID, track.codec),
        element(VIDEO, sides.concat()),
    ];
    element(TRACKS, element(TRACK_ENTRY, entry.concat()))
}

fn cluster(chunks: &[Chunk]) -> Vec<u8> {
    let begin_ms = chunks[0].at_ms;
    let blocks = chunks.iter().flat_map(|chunk| block(chunk, begin_ms));
    element(CLUSTER, number(TIMESTAMP, begin_ms).into_iter().chain(blocks).collect())
}

fn block(chunk: &Chunk, begin_ms: u32) -> Vec<u8> {
    const FIRST_TRACK: u8 = 0x81;
    const KEY: u8 = 0x80;
    let [high, low] = i16::try_from(chunk.at_ms - begin_ms)
        .expect("a cluster is shorter than 32 s")
        .to_be_bytes();
    let flags = if chunk.is_key { KEY } else { 0 };
    element(SIMPLE_BLOCK, [&[FIRST_TRACK, high, low, flags][..], &chunk.bytes].concat())
}

fn number(id: &[u8], value: u32) -> Vec<u8> {
    element(id, value.to_be_bytes().to_vec())
}

fn text(id: &[u8], value: &str) -> Vec<u8> {
    element(id, value.as_bytes().to_vec())
}

/// Returns an element: id, length as a number of eight bytes, body.
fn element(id: &[u8], body: Vec<u8>) -> Vec<u8> {
    const EIGHT_BYTES: u64 = 1 << 56;
    let length = EIGHT_BYTES | body.len() as u64;
    [id, &length.to_be_bytes(), &body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits elements of eight-byte lengths into ids and bodies.
    fn read(mut bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut elements = Vec::new();
        while !bytes.is_empty() {
            let id = 1 + bytes[0].leading_zeros() as usize;
            let length = u64::from_be_bytes(bytes[id..id + 8].try_into().unwrap());
            let body = usize::try_from(length & ((1 << 56) - 1)).unwrap();
            elements.push((bytes[..id].to_vec(), bytes[id + 8..id + 8 + body].to_vec()));
            bytes = &bytes[id + 8 + body..];
        }
        elements
    }

    fn find(elements: &[(Vec<u8>, Vec<u8>)], id: &[u8]) -> Vec<Vec<u8>> {
        elements.iter().filter(|(found, _)| found == id).map(|(_, body)| body.clone()).collect()
    }

    fn chunk(at_ms: u32, is_key: bool) -> Chunk {
        Chunk { at_ms, is_key, bytes: vec![9; 20_000] }
    }

    #[test]
    fn a_film_reads_back_with_its_length_track_and_blocks() {
        let track = Track { codec: "V_VP8", width: 720, height: 480 };
        let chunks = [chunk(0, true), chunk(100, false), chunk(4500, false)];
        let file = read(&file(&track, &chunks, 6000));
        let segment = read(&find(&file, SEGMENT)[0]);
        let length = find(&read(&find(&segment, INFO)[0]), DURATION)[0].clone();
        assert_eq!(f64::from_be_bytes(length.try_into().unwrap()).to_bits(), 6000f64.to_bits());
        let entry = read(&find(&read(&find(&segment, TRACKS)[0]), TRACK_ENTRY)[0]);
        assert_eq!(find(&entry, CODEC_ID), [b"V_VP8"]);
        let video = read(&find(&entry, VIDEO)[0]);
        assert_eq!(find(&video, PIXEL_WIDTH), [720u32.to_be_bytes()]);
        let cluster = read(&find(&segment, CLUSTER)[0]);
        let blocks = find(&cluster, SIMPLE_BLOCK);
        let heads: Vec<&[u8]> = blocks.iter().map(|block| &block[..4]).collect();
        assert_eq!(heads, [[0x81, 0, 0, 0x80], [0x81, 0, 100, 0], [0x81, 0x11, 0x94, 0]]);
        assert!(blocks.iter().all(|block| block.len() == 20_004));
    }

    #[test]
    fn a_long_film_has_a_cluster_every_half_minute() {
        let track = Track { codec: "V_VP9", width: 2, height: 2 };
        let chunks = [chunk(0, true), chunk(29_999, false), chunk(30_000, true)];
        let segment = read(&find(&read(&file(&track, &chunks, 31_000)), SEGMENT)[0]);
        let clusters = find(&segment, CLUSTER);
        assert_eq!(clusters.len(), 2);
        assert_eq!(find(&read(&clusters[1]), TIMESTAMP), [30_000u32.to_be_bytes()]);
    }
}
