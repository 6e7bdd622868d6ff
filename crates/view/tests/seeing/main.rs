//! What is seen of pages written by hand.

mod blank;
mod drafts;
mod fonts;
mod heavy;
mod pictures;
mod properties;
mod searching;
mod sheet;
mod text;
