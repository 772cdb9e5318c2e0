//! Drawing the grid and reaching into it: where the view is, what is on
//! screen, what a pointer means. Only `layers` and `input` touch the browser.

pub mod camera;
