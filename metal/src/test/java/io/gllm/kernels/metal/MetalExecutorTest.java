package io.gllm.kernels.metal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.api.portable.KernelInterface;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bitcode of the shipped metallib gives the known answers of every kernel, bit for bit, and mistakes in it are seen. */
class MetalExecutorTest {
  private static final Map<String, GoldenLaunch> LAUNCHES = GoldenLaunch.load();
  private static final Blob BLOB = BlobManifest.of("metal").blobs().get("macos13");

  @Test
  void everyKernelGivesItsKnownAnswer() {
    assertEquals(new TreeSet<>(LAUNCHES.keySet()), new TreeSet<>(BLOB.entries().keySet()));
    MetalExecutor executor = MetalExecutor.open();
    List<String> wrong = new ArrayList<>();
    for (String symbol : new TreeSet<>(LAUNCHES.keySet())) {
      String difference = difference(executor, LAUNCHES.get(symbol));
      if (!difference.isEmpty()) {
        wrong.add(difference);
      }
    }
    assertEquals(List.of(), wrong);
  }

  /** The known mistakes of a port. The first word of what is seen stands last. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      a missing barrier         | rms_norm_f32       | tail call void @air.wg.barrier(i32 2, i32 1) #1  | ret void | race
      """)
  void aPlantedMistakeIsSeen(String mistake, String kernel, String right, String wrong, String seen, @TempDir Path folder) {
    KernelException failure = assertThrows(KernelException.class, () -> {
      String difference = difference(MetalExecutor.open(folder, kernel, right, wrong), LAUNCHES.get(kernel));
      throw new KernelException(difference);
    });
    assertTrue(failure.getMessage().contains(seen), failure.getMessage());
  }

  /** What is wrong with a launch's results, or nothing. */
  private static String difference(MetalExecutor executor, GoldenLaunch launch) {
    try (Arena arena = Arena.ofConfined()) {
      List<MemorySegment> buffers = launch.before().stream()
          .map(bytes -> arena.allocate(bytes.length, 16).copyFrom(MemorySegment.ofArray(bytes))).toList();
      int[] grid = launch.grid();
      executor.run(launch.symbol(), buffers, arena.allocateFrom(ValueLayout.JAVA_INT, launch.parameters()), grid[0], grid[1], grid[2],
          KernelInterface.of(BLOB.entry(launch.symbol())).threads());
      for (int i = 0; i < buffers.size(); i++) {
        long at = buffers.get(i).mismatch(MemorySegment.ofArray(launch.after().get(i)));
        if (at >= 0) {
          return launch.symbol() + ": wrong bits in buffer " + i + " byte " + at;
        }
      }
      return "";
    } catch (KernelException e) {
      return e.getMessage();
    }
  }
}
