"""PDFs that lie, loop, explode, hide and act, made from nothing but this code, each with what must become of it."""
