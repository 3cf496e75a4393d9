//! The page's Content-Security-Policy, defined in www/index.html. The build adds the hash of
//! Trunk's boot script. The server repeats the policy as a header, from which the worker takes its
//! own.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// Source that page and worker need besides their own origin's scripts. Hashes of inline scripts
/// are inserted before it.
const ANCHOR: &str = "'wasm-unsafe-eval'";

/// Returns the policy in the page's `<meta>` element.
pub fn of_page(html: &str) -> Option<&str> {
    let (_, tag) = html.split_once("http-equiv=\"Content-Security-Policy\"")?;
    let (tag, _) = tag.split_once('>')?;
    let (_, policy) = tag.split_once("content=\"")?;
    Some(policy.split_once('"')?.0)
}

/// Allows each of the page's inline scripts by its hash; returns `None` if the page has no policy
/// with a place for them.
pub fn allow_inline_scripts(html: &str) -> Option<String> {
    let policy = of_page(html)?;
    policy.find(ANCHOR)?;
    let hash = |script| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script)));
    let sources: Vec<_> = inline_scripts(html).map(hash).chain([ANCHOR.to_owned()]).collect();
    Some(html.replacen(policy, &policy.replacen(ANCHOR, &sources.join(" "), 1), 1))
}

fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (body, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<head><meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'self' 'wasm-unsafe-eval'\">\
                        <script src=\"a.js\"></script><script \
                                      type=\"module\">boot();</script></head>";

    #[test]
    fn only_the_inline_script_is_allowed_by_its_hash() {
        // printf 'boot();' | openssl dgst -sha256 -binary | base64
        let hash = "'sha256-BoYdILVZAmAQfhxvCgsBo5rtKe9f5WOaIkiGVKr7Y94='";
        let page = allow_inline_scripts(PAGE).unwrap();
        assert_eq!(of_page(&page), Some(&*format!("script-src 'self' {hash} 'wasm-unsafe-eval'")));
        assert!(page.ends_with("boot();</script></head>"));
    }

    #[test]
    fn a_page_without_a_policy_is_not_touched() {
        assert_eq!(allow_inline_scripts("<script>boot();</script>"), None);
        assert_eq!(allow_inline_scripts(&PAGE.replace(ANCHOR, "")), None);
    }
}
