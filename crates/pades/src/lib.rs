//! PDF in, PDF out: read strictly, place, revise, sign (PAdES), validate.

pub mod cms;
pub mod picture;
