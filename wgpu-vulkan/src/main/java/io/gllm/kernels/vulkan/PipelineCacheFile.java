package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.blob.BlobManifest;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;

/**
 * What the driver has compiled, kept between runs: one file for each device and driver in the user's cache folder. The driver is
 * handed a file only if this user alone can write it, our checksum fits, and Vulkan's header names this device and driver; in every
 * other case kernels are compiled anew. Nothing here ever fails a call.
 */
final class PipelineCacheFile {
  private static final Logger LOG = System.getLogger(PipelineCacheFile.class.getName());
  private static final byte[] MAGIC = "gllm pipelines 1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int HASH_BYTES = 64;
  private static final int START = MAGIC.length + HASH_BYTES;
  private static final int MAX_BYTES = 256 << 20;
  private static final int HEADER_BYTES = 32;
  private static final String OTHERS_WRITE = "others can write ";

  private final Path file;
  private final Header header;

  /**
   * What Vulkan's header of cache data says.
   *
   * @param vendor the maker's number
   * @param device the model's number
   * @param uuid number of the driver's version
   */
  record Header(int vendor, int device, byte[] uuid) {
    private boolean fits(byte[] data) {
      if (data.length < HEADER_BYTES) {
        return false;
      }
      ByteBuffer words = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
      return words.getInt() == HEADER_BYTES && words.getInt() == 1 && words.getInt() == vendor && words.getInt() == device
          && Arrays.equals(data, 16, HEADER_BYTES, uuid, 0, uuid.length);
    }

    private String fileName() {
      return String.format("vulkan-%08x-%08x-%s.cache", vendor, device, HexFormat.of().formatHex(uuid));
    }
  }

  /** The file for a device in {@code folder}. */
  PipelineCacheFile(Path folder, Header header) {
    this.file = folder.resolve(header.fileName());
    this.header = header;
  }

  /** The user's cache folder, or null if the environment names none. */
  static Path folder(Map<String, String> environment) {
    for (String key : new String[]{"XDG_CACHE_HOME", "LOCALAPPDATA"}) {
      String value = environment.get(key);
      if (value != null && Path.of(value).isAbsolute()) {
        return Path.of(value, "gllm-kernels");
      }
    }
    String home = environment.get("HOME");
    return home == null || !Path.of(home).isAbsolute() ? null : Path.of(home, ".cache", "gllm-kernels");
  }

  /** The driver's data, or an empty array if there is none that can be trusted. */
  byte[] load() {
    try {
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        return new byte[0];
      }
      requireOwn(file.getParent());
      requireOwn(file);
      byte[] all;
      try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
        all = in.readNBytes(MAX_BYTES + 1);
      }
      if (all.length > MAX_BYTES || all.length < START || !Arrays.equals(all, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
        throw new IOException("no cache file of this version");
      }
      byte[] data = Arrays.copyOfRange(all, START, all.length);
      String hash = new String(all, MAGIC.length, HASH_BYTES, StandardCharsets.US_ASCII);
      if (!hash.equals(BlobManifest.sha256(data))) {
        throw new IOException("the checksum is wrong");
      }
      if (!header.fits(data)) {
        throw new IOException("it belongs to another device or driver");
      }
      return data;
    } catch (IOException | RuntimeException e) {
      LOG.log(Logger.Level.DEBUG, () -> "cache of compiled kernels not used: " + file + ": " + e);
      return new byte[0];
    }
  }

  /** Replaces the file as a whole, unless the data is not what {@link #load} would accept. */
  void save(byte[] data) {
    if (!header.fits(data) || data.length > MAX_BYTES - START) {
      return;
    }
    try {
      createFolder(file.getParent());
      requireOwn(file.getParent());
      Path fresh = Files.createTempFile(file.getParent(), "vulkan", ".new"); // for this user alone, where the system knows users
      try {
        ByteBuffer all = ByteBuffer.allocate(START + data.length);
        all.put(MAGIC).put(BlobManifest.sha256(data).getBytes(StandardCharsets.US_ASCII)).put(data);
        Files.write(fresh, all.array());
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(fresh);
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(Logger.Level.DEBUG, () -> "cache of compiled kernels not written: " + file + ": " + e);
    }
  }

  private static void createFolder(Path folder) throws IOException {
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } else {
      Files.createDirectories(folder);
    }
  }

  /** Windows keeps the folder of local application data to its user; elsewhere owner and permissions tell. */
  private static void requireOwn(Path path) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    if (view == null) {
      return;
    }
    PosixFileAttributes attributes = view.readAttributes();
    boolean shared = attributes.permissions().contains(PosixFilePermission.GROUP_WRITE)
        || attributes.permissions().contains(PosixFilePermission.OTHERS_WRITE);
    if (shared || attributes.isSymbolicLink() || !attributes.owner().equals(userOf(path))) {
      throw new IOException(OTHERS_WRITE + path);
    }
  }

  private static Object userOf(Path path) throws IOException {
    return path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(System.getProperty("user.name"));
  }
}
