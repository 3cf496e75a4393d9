use leptos::html::Dialog;
use leptos::prelude::*;

/// Opens a dialog over the page, if it is not open.
pub fn open(dialog: NodeRef<Dialog>) {
    if let Some(dialog) = dialog.get_untracked() {
        // It is open already.
        drop(dialog.show_modal());
    }
}

/// Closes a dialog.
pub fn close(dialog: NodeRef<Dialog>) {
    if let Some(dialog) = dialog.get_untracked() {
        dialog.close();
    }
}
