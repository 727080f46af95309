"""Writes a .metallib for macOS 13: header, list of functions, public and private metadata (none), modules of bitcode.

Layout as in METAL.md of the project's references, found by comparison with the vendor's files: every number is little endian, a tag is
four characters, a 16-bit length and that many bytes, and ENDT has no length.
"""
import hashlib, struct

HEADER = 88
FILE_VERSION = (2, 7)
SYSTEM = (13, 0, 0)
VERSIONS = (2, 5, 3, 0)  # AIR 2.5, Metal 3.0
KERNEL = 2
END = b"ENDT"
NOTHING = struct.pack("<I", 8) + END  # metadata of a function that has none


def tag(name, content):
    return name.encode() + struct.pack("<H", len(content)) + content


def write(functions):
    """Functions are pairs of name and module, a module being bitcode in its wrapper, padded to 16. Returns the file and where modules are."""
    entries, modules, offsets = b"", b"", {}
    for index, (name, module) in enumerate(functions):
        if module[:4] != b"\xde\xc0\x17\x0b" or len(module) % 16 != 0:
            raise ValueError("%s: no wrapped and padded bitcode" % name)
        offsets[name] = len(modules)
        metadata = index * len(NOTHING)
        entry = (tag("NAME", name.encode() + b"\0") + tag("TYPE", bytes([KERNEL])) + tag("HASH", hashlib.sha256(module).digest())
                 + tag("MDSZ", struct.pack("<Q", len(module))) + tag("OFFT", struct.pack("<3Q", metadata, metadata, len(modules)))
                 + tag("VERS", struct.pack("<4H", *VERSIONS)) + END)
        entries += struct.pack("<I", len(entry) + 4) + entry
        modules += module
    identity = bytearray(hashlib.sha256(modules).digest()[:16])  # by content, so that equal sources give equal files
    identity[6], identity[8] = identity[6] & 0x0F | 0x40, identity[8] & 0x3F | 0x80
    extension = tag("UUID", bytes(identity)) + END
    metadata = NOTHING * len(offsets)
    public = HEADER + 4 + len(entries) + len(extension)
    private = public + len(metadata)
    start = private + len(metadata)
    header = (b"MTLB" + struct.pack("<HHHBBHBB", 0x8001, *FILE_VERSION, 0, 0x81, *SYSTEM) + struct.pack("<Q", start + len(modules))
              + struct.pack("<8Q", HEADER, len(entries), public, len(metadata), private, len(metadata), start, len(modules)))
    file = header + struct.pack("<I", len(offsets)) + entries + extension + metadata + metadata + modules
    return file, {name: start + offset for name, offset in offsets.items()}
