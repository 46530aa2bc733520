//! Rules about clocks: what they measure, order and name.

mod bound_clocks;
mod compared_columns;
mod consequence;
mod coordination;
mod held;
mod ingredients;
mod marks;
pub(crate) mod mixed_clocks;
mod monotonic_edit;
pub(crate) mod monotonic_misuse;
mod monotonic_twin;
mod picks;
mod purpose;
mod replayed;
mod replicas;
mod rows;
mod saved_state;
mod snowflake;
mod stamped;
mod step_back;
mod store_stamps;
mod timed_condition;
mod version_field;
pub(crate) mod wall_clock_duration;
pub(crate) mod wall_clock_id;
pub(crate) mod wall_clock_ordering;
