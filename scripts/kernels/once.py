"""Folders that are built once, however many processes ask for them at a time: tests of several JVMs share what takes a minute to compile."""
import contextlib, fcntl, hashlib


@contextlib.contextmanager
def once(folder, inputs, options):
    """Holds the folder's lock, and gives whether what it has was made of other inputs or with other options; a build that fails leaves no mark."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = hashlib.sha256(repr(options).encode())
        for file in inputs:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        stamp = folder / "stamp"
        stale = not stamp.exists() or stamp.read_text() != digest.hexdigest()
        if stale:
            stamp.unlink(missing_ok=True)
        yield stale
        stamp.write_text(digest.hexdigest())
