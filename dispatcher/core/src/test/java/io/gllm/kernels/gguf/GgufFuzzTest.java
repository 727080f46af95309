package io.gllm.kernels.gguf;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Thousands of damaged files: each loads correctly or gives a {@link GgufException}, quickly and without large allocations. */
class GgufFuzzTest {
  private static final long MAX_ALLOCATION = 4 << 20;
  private static final Duration MAX_CPU_TIME = Duration.ofSeconds(1);
  private static final long[] HOSTILE = {0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 31, 33, 250, 255, 256, 65535, 65536, 1 << 20, Integer.MAX_VALUE,
    0x80000000L, 0xffffffffL, 1L << 32, (1L << 32) + 1, 1L << 40, 1L << 59, 1L << 60, (1L << 61) + 1, 1L << 62, Long.MAX_VALUE - 31,
    Long.MAX_VALUE, Long.MIN_VALUE, -1, -8, -32};

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir
  Path folder;

  private GgufWriter writer;
  private byte[] valid;
  private int loaded;
  private int rejected;

  private void start(String sample) {
    writer = switch (sample) {
      case "gpt2" -> SampleFiles.withBytePairs();
      case "llama" -> SampleFiles.withSentencePieces();
      default -> SampleFiles.small();
    };
    valid = writer.bytes();
    check(valid, "the valid file");
    assertTrue(loaded == 1, "the unchanged file must load");
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "gpt2", "llama"})
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void truncations(String sample) {
    start(sample);
    int step = sample.equals("plain") ? 1 : 11;
    int head = writer.fields().getLast().offset() + 8;
    for (int length = 0; length < valid.length; length += length < head ? step : 97) {
      check(Arrays.copyOf(valid, length), "cut after " + length);
    }
    assertTrue(loaded == 1, "a file that was cut must not load");
    assertTrue(rejected > 300, "rejected " + rejected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "gpt2", "llama"})
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void bitFlips(String sample) {
    start(sample);
    Random random = new Random(20260101);
    for (int i = 0; i < 700; i++) {
      byte[] bytes = valid.clone();
      int flips = 1 + random.nextInt(3);
      for (int j = 0; j < flips; j++) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      check(bytes, "bit flips " + i);
    }
    assertTrue(loaded > 50 && rejected > 50, loaded + " loaded, " + rejected + " rejected");
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "gpt2", "llama"})
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void hostileFields(String sample) {
    start(sample);
    Random random = new Random(7);
    List<GgufWriter.Field> fields = writer.fields();
    for (GgufWriter.Field field : fields) {
      boolean vocabulary = field.what().matches("tokenizer\\.ggml\\.\\w+( length)?");
      for (long value : HOSTILE) {
        if (random.nextInt(vocabulary ? 60 : sample.equals("plain") ? 1 : 3) == 0) {
          check(patched(field, value), field.what() + " = " + value);
        }
      }
    }
    assertTrue(loaded + rejected > 1000, loaded + " loaded, " + rejected + " rejected");
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "gpt2", "llama"})
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void pairsOfHostileFields(String sample) {
    start(sample);
    Random random = new Random(8);
    List<GgufWriter.Field> fields = writer.fields();
    for (int i = 0; i < 400; i++) {
      byte[] bytes = valid.clone();
      for (int j = 0; j < 2; j++) {
        patch(bytes, fields.get(random.nextInt(fields.size())), HOSTILE[random.nextInt(HOSTILE.length)]);
      }
      check(bytes, "pair " + i);
    }
  }

  private byte[] patched(GgufWriter.Field field, long value) {
    byte[] bytes = valid.clone();
    patch(bytes, field, value);
    return bytes;
  }

  private static void patch(byte[] bytes, GgufWriter.Field field, long value) {
    byte[] raw = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    System.arraycopy(raw, 0, bytes, field.offset(), field.bytes());
  }

  private void check(byte[] bytes, String what) {
    Path path = GgufWriter.write(folder.resolve("fuzz.gguf"), bytes);
    long started = threads.getCurrentThreadCpuTime();
    long before = threads.getCurrentThreadAllocatedBytes();
    try {
      SampleFiles.use(path);
      loaded++;
    } catch (GgufException e) {
      rejected++;
      assertTrue(e.getMessage().length() < 500 + bytes.length, what);
    } catch (RuntimeException | Error e) {
      fail(what + " gives " + e, e);
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < MAX_ALLOCATION, what + " allocates " + allocated + " bytes");
    assertTrue(threads.getCurrentThreadCpuTime() - started < MAX_CPU_TIME.toNanos(), what + " takes too long");
  }
}
