package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.blob.BlobManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PipelineCacheFileTest {
  private static final byte[] UUID = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final PipelineCacheFile.Header HEADER = new PipelineCacheFile.Header(0x10de, 7, UUID);

  @TempDir
  private Path temporary;
  private Path folder;

  @BeforeEach
  void nameFolder() {
    folder = temporary.resolve("cache");
  }

  private PipelineCacheFile file() {
    return new PipelineCacheFile(folder, HEADER);
  }

  private static byte[] data(int headerBytes, int version, int vendor, int device, byte[] uuid) {
    return ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN).putInt(headerBytes).putInt(version).putInt(vendor).putInt(device)
        .put(uuid)
        .putLong(42).array();
  }

  private static byte[] good() {
    return data(32, 1, 0x10de, 7, UUID);
  }

  private Path written() throws IOException {
    file().save(good());
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList().getFirst();
    }
  }

  @Test
  void whatIsSavedIsLoaded() throws IOException {
    assertEquals(0, file().load().length);
    Path written = written();
    assertArrayEquals(good(), file().load());
    assertEquals("vulkan-000010de-00000007-30313233343536373839616263646566.cache", written.getFileName().toString());
    file().save(good());
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count(), "no temporary file stays");
    }
  }

  @Test
  void dataOfAnotherDeviceOrDriverIsNeitherSavedNorLoaded() throws IOException {
    byte[] otherUuid = UUID.clone();
    otherUuid[15]++;
    List<byte[]> wrong = List.of(data(31, 1, 0x10de, 7, UUID), data(32, 2, 0x10de, 7, UUID), data(32, 1, 0x1002, 7, UUID),
        data(32, 1, 0x10de, 8, UUID), data(32, 1, 0x10de, 7, otherUuid), Arrays.copyOf(good(), 31), new byte[0]);
    for (byte[] data : wrong) {
      file().save(data);
      assertFalse(Files.exists(folder));
    }
    Path written = written();
    for (byte[] data : wrong) {
      String hash = BlobManifest.sha256(data);
      byte[] head = Arrays.copyOf(Files.readAllBytes(written), "gllm pipelines 1\n".length());
      Files.write(written, head);
      Files.writeString(written, hash, StandardOpenOption.APPEND);
      Files.write(written, data, StandardOpenOption.APPEND);
      assertEquals(0, file().load().length, "a header that does not fit");
    }
  }

  @Test
  void everyChangedByteAndEveryMissingOneIsNoticed() throws IOException {
    Path written = written();
    byte[] all = Files.readAllBytes(written);
    for (int i = 0; i < all.length; i++) {
      byte[] changed = all.clone();
      changed[i] ^= 1;
      Files.write(written, changed);
      assertEquals(0, file().load().length, "byte " + i);
      Files.write(written, Arrays.copyOf(all, i));
      assertEquals(0, file().load().length, i + " bytes");
    }
    Files.write(written, all);
    assertArrayEquals(good(), file().load());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whatOthersCanWriteIsNotTrusted() throws IOException {
    Path written = written();
    Files.setPosixFilePermissions(written, PosixFilePermissions.fromString("rw-rw----"));
    assertEquals(0, file().load().length);
    Files.setPosixFilePermissions(written, PosixFilePermissions.fromString("rw-------"));
    assertEquals(good().length, file().load().length);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertEquals(0, file().load().length);
    byte[] before = Files.readAllBytes(written);
    file().save(data(32, 1, 0x10de, 7, UUID));
    assertArrayEquals(before, Files.readAllBytes(written));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aLinkIsNotFollowed() throws IOException {
    Path written = written();
    Path elsewhere = Files.move(written, temporary.resolve("elsewhere"));
    Files.createSymbolicLink(written, elsewhere);
    assertEquals(0, file().load().length);
  }

  @Test
  void aFolderThatCannotBeMadeIsNoFailure() throws IOException {
    Files.createFile(folder);
    file().save(good());
    assertEquals(0, file().load().length);
  }

  @Test
  void theFolderIsTheUsers() {
    assertEquals(Path.of("/x/gllm-kernels"), PipelineCacheFile.folder(Map.of("XDG_CACHE_HOME", "/x", "HOME", "/home/a")));
    assertEquals(Path.of("/home/a/.cache/gllm-kernels"), PipelineCacheFile.folder(Map.of("XDG_CACHE_HOME", "relative", "HOME", "/home/a")));
    assertNull(PipelineCacheFile.folder(Map.of()));
  }

  /** The driver takes back what it gave. */
  @Test
  void aDeviceKeepsWhatItCompiled() throws IOException {
    VulkanOptions options = new VulkanOptions(true, folder);
    for (int i = 0; i < 2; i++) {
      VulkanDevice device = Llvmpipe.open(new LwjglCalls(), options);
      VulkanQueue queue = (VulkanQueue) device.openQueue(Numerics.FAST);
      Buffer x = Words.ints(device, queue, Words.iota(64));
      Buffer y = Words.buffer(device, DType.I32, 64);
      queue.prepare("turn").buffer(x).buffer(y).value(64).groups(1);
      assertEquals(2, Words.read(queue, y)[0]);
      device.close();
      assertEquals(List.of(), device.validationMessages());
      try (Stream<Path> files = Files.list(folder)) {
        assertTrue(files.toList().getFirst().getFileName().toString().startsWith("vulkan-"));
      }
    }
  }
}
