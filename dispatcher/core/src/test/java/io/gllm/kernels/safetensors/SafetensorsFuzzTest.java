package io.gllm.kernels.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Thousands of damaged files: each loads correctly or gives a {@link SafetensorsException}, quickly and without large allocations. */
class SafetensorsFuzzTest {
  private static final long MAX_ALLOCATION = 4 << 20;
  private static final Duration MAX_CPU_TIME = Duration.ofSeconds(1);
  private static final String[] HOSTILE = {"{", "}", "[", "]", "\"", "\\", ",", ":", "0", "9", "-1", "1e9", "null", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "99999999999999999999999999", "\\u0000", "\\ud800", "[[[[[[[[[[[[[[[[[[", "{\"a\":",
    "é"};

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir
  Path folder;

  private byte[] valid;
  private int loaded;
  private int rejected;

  @BeforeEach
  void writeValidFile() {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt \\u00e4 \\n");
    for (int i = 0; i < 6; i++) {
      writer.floats("layers." + i + ".weight", new float[]{i, 1, 2, 3, 4, 5}, 2, 3).ints("layers." + i + ".g_idx", new int[]{i, i}, 2);
    }
    valid = writer.add("empty", "F16", MemorySegment.ofArray(new byte[0]), 0).bytes();
    checkFile(valid, "the valid file");
    assertTrue(loaded == 1, "the unchanged file must load");
  }

  @Test
  @Timeout(value = 180, unit = TimeUnit.SECONDS)
  void truncations() {
    for (int length = 0; length < valid.length; length++) {
      checkFile(Arrays.copyOf(valid, length), "cut after " + length);
    }
    assertTrue(loaded == 1 && rejected > 1000, loaded + " loaded, " + rejected + " rejected");
  }

  @Test
  @Timeout(value = 180, unit = TimeUnit.SECONDS)
  void bitFlips() {
    Random random = new Random(20260102);
    for (int i = 0; i < 2500; i++) {
      byte[] bytes = valid.clone();
      for (int j = random.nextInt(3); j >= 0; j--) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      checkFile(bytes, "bit flips " + i);
    }
    assertTrue(loaded > 50 && rejected > 500, loaded + " loaded, " + rejected + " rejected");
  }

  @Test
  @Timeout(value = 180, unit = TimeUnit.SECONDS)
  void hostileText() {
    Random random = new Random(5);
    int head = valid[0] & 0xff | (valid[1] & 0xff) << 8;
    String text = new String(valid, 8, head, StandardCharsets.UTF_8);
    byte[] data = Arrays.copyOfRange(valid, 8 + head, valid.length);
    for (int i = 0; i < 1500; i++) {
      StringBuilder changed = new StringBuilder(text);
      for (int j = random.nextInt(2); j >= 0; j--) {
        int from = random.nextInt(changed.length());
        changed.replace(from, Math.min(changed.length(), from + random.nextInt(4)), HOSTILE[random.nextInt(HOSTILE.length)]);
      }
      checkFile(SafetensorsWriter.file(changed.toString(), data), "hostile text " + i);
    }
    assertTrue(loaded > 5 && rejected > 500, loaded + " loaded, " + rejected + " rejected");
  }

  @Test
  @Timeout(value = 180, unit = TimeUnit.SECONDS)
  void damagedIndexes() {
    new SafetensorsWriter().ints("a", new int[]{1}).ints("b", new int[]{2}).write(folder.resolve("one.safetensors"));
    new SafetensorsWriter().ints("c", new int[]{3}).write(folder.resolve("two.safetensors"));
    byte[] index = ("{\"metadata\":{\"total_size\":12,\"x\":[1,[null,-2.5e3]]},\"weight_map\":{\"a\":\"one.safetensors\","
        + "\"b\":\"one.safetensors\",\"c\":\"two.safetensors\"}}").getBytes(StandardCharsets.UTF_8);
    Random random = new Random(6);
    for (int i = 0; i < 800; i++) {
      byte[] bytes = Arrays.copyOf(index, i < index.length ? i : index.length);
      if (bytes.length > 0 && i >= index.length) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      check(SafetensorsWriter.write(folder.resolve("x.index.json"), bytes), "index " + i);
    }
    assertTrue(loaded > 20 && rejected > 300, loaded + " loaded, " + rejected + " rejected");
  }

  private void checkFile(byte[] bytes, String what) {
    check(SafetensorsWriter.write(folder.resolve("fuzz.safetensors"), bytes), what);
  }

  private void check(Path path, String what) {
    long started = threads.getCurrentThreadCpuTime();
    long before = threads.getCurrentThreadAllocatedBytes();
    try (SafetensorsSource source = SafetensorsSource.open(path)) {
      for (SafetensorsTensor tensor : source.tensors()) {
        use(tensor);
      }
      loaded++;
    } catch (SafetensorsException e) {
      rejected++;
      assertTrue(e.getMessage().length() < 3000, what);
    } catch (RuntimeException | Error e) {
      fail(what + " gives " + e, e);
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < MAX_ALLOCATION, what + " allocates " + allocated + " bytes");
    assertTrue(threads.getCurrentThreadCpuTime() - started < MAX_CPU_TIME.toNanos(), what + " takes too long");
  }

  /** Reads every byte of a tensor, whose size must be what its shape says. */
  private static void use(SafetensorsTensor tensor) {
    long bits = tensor.type().bits();
    for (long dim : tensor.shape()) {
      bits *= dim;
    }
    assertTrue(bits == 8 * tensor.byteSize(), tensor.toString());
    assertEquals(tensor.byteSize(), tensor.segment().toArray(ValueLayout.JAVA_BYTE).length);
  }
}
