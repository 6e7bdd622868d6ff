//! Where the seal goes: a page and a box that lie in this very document.

use sealkeeper_domain::{
    document::Findings,
    placement::SealBox,
    policy::DocumentRules,
    reason::Reason,
    refusal::{Refusal, Violation, Violations},
    request::Terms,
    rule::document::examine,
};
use sealkeeper_pades::{Facts, PageError, PlacedBox};

use super::inspect::{Inspected, unreadable};

/// A document with a fixed place for the seal.
pub(crate) struct Placed<'f> {
    pub(super) inspected: Inspected<'f>,
    pub(super) seal_box: SealBox,
    pub(super) placed: PlacedBox,
    /// What was found in the document and does not stand against it.
    findings: Findings,
}

impl<'f> Inspected<'f> {
    /// Resolves the placement on the page as a person sees it, and holds what was found in the document against these rules; all that stands
    /// against either is told together.
    pub(crate) fn place(self, rules: &DocumentRules) -> Result<Placed<'f>, Refusal> {
        let mut violations = Violations::new();
        let placed = violations.keep(self.fits());
        let certified = self.facts.new_field();
        violations.keep(certified.map_err(|error| coded(error.code(), Reason::PdfCertified, &error).into()));
        let mut examined = (*self.examined).clone();
        examined.stamped_pages.extend(placed.map(|(seal_box, _)| seal_box.page + 1));
        let findings = examine(&examined, rules);
        violations.keep(findings.admit());
        violations.into_result()?;
        // `keep` left a violation behind if there is no place.
        let (seal_box, placed) = placed.ok_or(Reason::Internal)?;
        Ok(Placed { inspected: self, seal_box, placed, findings })
    }

    fn fits(&self) -> Result<(SealBox, PlacedBox), Refusal> {
        let placement = self.admitted.terms.placement;
        let pages = self.document.page_count().map_err(|error| unreadable(&error))?;
        let index = placement.page.index(u32::try_from(pages).unwrap_or(u32::MAX))?;
        let page = self.document.page(index as usize).map_err(|error| unreadable(&error))?;
        let size = self.admitted.seal.seal.size;
        let geometry = page.geometry().map_err(|error| match error {
            PageError::Read(error) => unreadable(&error),
            PageError::Geometry(error) => {
                coded(error.code(), Reason::PdfPageUnusable, &error).with("page", index + 1)
            }
        })?;
        let placed = geometry
            .place(placement.x_um, placement.y_um, size.width_um(), size.height_um())
            .map_err(|error| coded(error.code(), Reason::PlacementOutsidePage, &error))?;
        let seal_box = SealBox::around(index, &placement, size.width_um(), size.height_um());
        // Not over what somebody else signed (U7). An empty signature field may well be the place meant for this seal.
        for signature in &self.facts.signatures {
            if let (Some(page), Some(rect)) = (signature.field.page, signature.field.rect)
                && page == index as usize
                && seal_box.overlaps(geometry.seen_um(rect))
            {
                let over =
                    Violation::new(Reason::PlacementOverSignature).with("field", &signature.field.name);
                return Err(over.with("page", index + 1).into());
            }
        }
        Ok((seal_box, placed))
    }
}

/// A refusal by its code; a test over all codes keeps the fallback unused.
fn coded(code: &str, fallback: Reason, what: &dyn std::fmt::Display) -> Violation {
    Violation::new(Reason::from_code(code).unwrap_or(fallback)).with("what", what)
}

impl Placed<'_> {
    /// What the document is.
    pub(crate) fn facts(&self) -> &Facts {
        &self.inspected.facts
    }

    /// What is asked, with defaults filled in.
    pub(crate) fn terms(&self) -> &Terms {
        &self.inspected.admitted.terms
    }

    /// What whoever approves and whoever confirms is to know of the document.
    pub(crate) fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Where the seal goes.
    pub(crate) fn seal_box(&self) -> SealBox {
        self.seal_box
    }
}
