"""Photos of exact sizes, made from one of the sample pictures."""

import os
import pathlib

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "saccade"
SIZES = {"10 kB": 10_000, "100 kB": 100_000, "1 MB": 1_000_000, "5 MB": 5_000_000}
# Comment segments: two bytes of marker, two of length that count themselves (ISO/IEC 10918-1, B.2.4.5).
COMMENT_BYTES_MAX = 65_535 + 2


def photo(size):
    """A JPEG of exactly `size` bytes: the sample, made longer by comments behind its first marker, or cut short."""
    sample = (CACHE / "samples/rocket.jpg").read_bytes()
    if size < len(sample):
        return sample[:size - 2] + b"\xff\xd9"
    comments = bytearray()
    missing = size - len(sample)
    while missing:
        length = min(missing, COMMENT_BYTES_MAX)
        if 0 < missing - length < 4:
            length -= 4
        comments += b"\xff\xfe" + (length - 2).to_bytes(2, "big") + bytes(length - 4)
        missing -= length
    return sample[:2] + bytes(comments) + sample[2:]


def write_all(folder):
    """Writes one of each size.

    Returns: their paths by size's name."""
    paths = {}
    for name, size in SIZES.items():
        paths[name] = pathlib.Path(folder) / f"{size}.jpg"
        paths[name].write_bytes(photo(size))
        assert paths[name].stat().st_size == size
    return paths


def form(data, boundary="saccade-bench-7d9f4c1e", name="photo.jpg"):
    """A form with one photo, as browsers send it.

    Returns: content type and body."""
    kind = "png" if name.endswith(".png") else "jpeg"
    head = (f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
            f"Content-Type: image/{kind}\r\n\r\n").encode()
    return f"multipart/form-data; boundary={boundary}", head + data + f"\r\n--{boundary}--\r\n".encode()
