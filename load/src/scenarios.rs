//! What can be measured, one module for each scenario.

pub(crate) mod authors;
pub(crate) mod cross_node;
pub(crate) mod deliver;
pub(crate) mod growth;
pub(crate) mod hot;
pub(crate) mod idle;
pub(crate) mod join;
pub(crate) mod latency;
pub(crate) mod past;
pub(crate) mod reconnect;
pub(crate) mod revert;
pub(crate) mod sanction;
pub(crate) mod slow;
pub(crate) mod words;
