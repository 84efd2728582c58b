#!/usr/bin/env python3
"""Second implementation of the ring, written from its description alone. It made vectors.txt, once:

    python3 vectors.py > vectors.txt

The file is frozen: it says what clusters in the field compute. If the Java code disagrees with it, the Java code is wrong.
"""
import hashlib, uuid


def sha(data):
    return hashlib.sha256(data).digest()


def number(data):
    return int.from_bytes(data, "big")


def circle(members):
    points = []
    for node, _, weight in members:
        for block in range(64 * weight):
            digest = sha(node.bytes + block.to_bytes(4, "big"))
            points += [(number(digest[8 * q:8 * q + 8]), node.bytes) for q in range(4)]
    return sorted(points)


def pick(members, points, position, count):
    zone = {node.bytes: z for node, z, _ in members}
    order = []
    for _, node in [p for p in points if p[0] >= position] + [p for p in points if p[0] < position]:
        if node not in order:
            order.append(node)
            if len(order) == len(members):
                break
    rank = {node: sum(zone[other] == zone[node] for other in order[:i]) for i, node in enumerate(order)}
    return sorted(order, key=lambda node: (rank[node], order.index(node)))[:count]


def node(i):
    return uuid.UUID(bytes=sha(b"node %d" % i)[:16])


CASES = [  # name, members, replication, partition bits
    ("one", [(node(0), "", 1)], 3, 4),
    ("two", [(node(i), "", 1) for i in range(2)], 3, 6),
    ("plain", [(node(i), "", 1) for i in range(5)], 3, 14),
    ("weighted", [(node(i), "", 1 + i % 4) for i in range(8)], 3, 14),
    ("zoned", [(node(i), "zone-%s" % "abc"[i % 3], 1) for i in range(9)], 3, 14),
    ("five copies in two zones", [(node(i), "east" if i < 3 else "", 1) for i in range(8)], 5, 16),
]

for name, members, replication, bits in CASES:
    points = circle(members)
    print("ring\t%s\t%d\t%d" % (name, replication, bits))
    for m in members:
        print("member\t%s\t%s\t%d" % m)
    step = max(1, 2 ** bits // 16)
    for partition in sorted({*range(0, 2 ** bits, step), 2 ** bits - 1}):
        owners = pick(members, points, partition << (64 - bits), min(replication, len(members)))
        print("owners\t%d\t%s" % (partition, ",".join(str(uuid.UUID(bytes=o)) for o in owners)))
    voters = pick(members, points, 0, min(7, len(members)))
    print("voters\t" + ",".join(str(uuid.UUID(bytes=v)) for v in voters))
    for data in (b"", b"chunk"):
        print("chunk\t%s\t%d" % (sha(data).hex(), number(sha(data)) >> (256 - bits)))
    for bucket, shard in (("photos", 0), ("photos", 255), ("$views", 7), ("b\u00fccher", 70000)):
        digest = sha(bucket.encode() + b"\0" + shard.to_bytes(4, "big"))
        print("shard\t%s\t%d\t%d" % (bucket, shard, number(digest) >> (256 - bits)))
