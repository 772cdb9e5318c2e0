//! Icons of one set.
