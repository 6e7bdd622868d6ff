"""The checker's own tree against the recursive definition of RFC 6962 §2.1."""

import hashlib
import unittest

from merkle import Tree, leaf_hash


def tree_head(leaves):
    """MTH(D[n]) as the RFC defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree_head(leaves[:split]) + tree_head(leaves[split:])).digest()


class Merkle(unittest.TestCase):
    def test_every_size_up_to_70(self):
        tree, leaves = Tree(), []
        for number in range(70):
            leaves.append(leaf_hash(bytes([number])))
            tree.append(leaves[-1])
            self.assertEqual(tree.roots, [*tree.roots[:-1], tree_head(leaves)])
        self.assertEqual(tree.size, 70)
        self.assertEqual([tree_head(leaves[:size]) for size in range(71)], tree.roots)


if __name__ == "__main__":
    unittest.main()
