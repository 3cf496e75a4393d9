//! `cargo xtask serve`: builds the site and serves it on this machine.

use harness::failure::{Context, Outcome};
use harness::server::{listen, site_router};

use crate::site::Finish;
use crate::{places, site, steps};

/// Builds the site and serves it until interrupted.
///
/// # Errors
/// When the site cannot be built or the port is unavailable.
pub fn serve(port: u16, open_browser: bool) -> Outcome {
    steps::tabled(|steps| site::build(site::RELATIVE, Finish::Quick, steps))?;
    let server = listen(site_router(&places::dist()), port).or_fail(
        || "cannot serve the site".to_owned(),
        "stop what uses the port, or choose another with --port",
    )?;
    println!("\nImpasto is at {}   (Ctrl+C stops it)", server.url());
    if open_browser && let Err(error) = open::that_detached(server.url()) {
        println!("No browser could be opened ({error}): open the address by hand.");
    }
    server.wait();
    Ok(())
}
