//! PDF in, PDF out: read strictly, place, revise, sign (PAdES), validate.
