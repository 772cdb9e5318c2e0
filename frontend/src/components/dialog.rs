//! A modal dialog.
