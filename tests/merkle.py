"""RFC 6962 Merkle tree hashes, enough to check a journal: a second implementation, apart from the product's."""

import hashlib


def leaf_hash(record):
    """RFC 6962 §2.1: SHA-256(0x00 ‖ record)."""
    return hashlib.sha256(b"\x00" + record).digest()


class Tree:
    """A tree that grows leaf by leaf and remembers its root at every size."""

    def __init__(self):
        self.roots = [hashlib.sha256(b"").digest()]  # by size
        self._peaks = []  # (number of leaves, hash) of the complete subtrees, from the left

    @property
    def size(self):
        return len(self.roots) - 1

    def append(self, leaf):
        """Adds a leaf hash."""
        peak = (1, leaf)
        while self._peaks and self._peaks[-1][0] == peak[0]:
            count, left = self._peaks.pop()
            peak = (2 * count, hashlib.sha256(b"\x01" + left + peak[1]).digest())
        self._peaks.append(peak)
        root = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        self.roots.append(root)
