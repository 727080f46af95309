package io.gllm.kernels.metal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.api.portable.KernelInterface;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bitcode of the shipped metallibs gives the known answers of every kernel, bit for bit, and mistakes in it are seen. */
class MetalExecutorTest {
  private static final Map<String, GoldenLaunch> LAUNCHES = new TreeMap<>(GoldenLaunch.load(GoldenLaunch.RESOURCE));
  private static final Map<String, Blob.Entry> ENTRIES = new TreeMap<>();

  static {
    LAUNCHES.putAll(GoldenLaunch.load(MetalTable.GOLDEN_LAUNCHES));
    MetalBlobs.onClassPath().all().forEach(blob -> ENTRIES.putAll(blob.entries()));
  }

  @Test
  void everyKernelGivesItsKnownAnswer() {
    assertEquals(LAUNCHES.keySet(), ENTRIES.keySet());
    MetalExecutor executor = MetalExecutor.open();
    List<String> wrong = new ArrayList<>();
    for (String symbol : LAUNCHES.keySet()) {
      String difference = difference(executor, LAUNCHES.get(symbol));
      if (!difference.isEmpty()) {
        wrong.add(difference);
      }
    }
    assertEquals(List.of(), wrong);
  }

  @Test
  void metadataSaysWhatTheManifestSays() {
    List<String> wrong = new ArrayList<>();
    for (String line : MetalExecutor.open().interfaces()) {
      String[] fields = line.split("\t");
      KernelInterface kernel = KernelInterface.of(ENTRIES.get(fields[0]));
      String buffers = kernel.buffers().stream()
          .map(b -> (b.access().equals("in") ? "read " : "read_write ") + (b.type().equals("f32") ? "float " : "uint ") + b.name())
          .collect(Collectors.joining(","));
      if (!fields[1].equals(buffers) || Integer.parseInt(fields[2]) != 4 * kernel.parameters().size()
          || Integer.parseInt(fields[3]) > kernel.shared()) {
        wrong.add(line + " instead of " + kernel);
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(ENTRIES.size(), MetalExecutor.open().interfaces().size());
  }

  /** Mistakes of a kernel, or of the build, as a text of its IR in place of another, and how each is reported. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiter = '|', textBlock = """
      no barrier              | vec_sum_f32 | tail call void @air.wg.barrier(i32 2, i32 1) #1                        | ; | read before it was written
      trust in a SIMD group   | vec_sum_f32 | tail call void @air.wg.barrier(i32 2, i32 1) #1~  %65 = icmp ult i32 %4, 8 | %65 = icmp ult i32 %4, 8 | race: threadgroup memory
      a barrier for some      | vec_sum_f32 | %17 = and i1 %16, %15                   | %17 = icmp ugt i32 %4, 6         | barrier reached by 7 of 256 threads
      a wrong lane            | vec_sum_f32 | add nuw nsw i32 %4, 64                  | add nuw nsw i32 %4, 63           | race: threadgroup memory
      a read before the write | vec_sum_f32 | store float %26, float addrspace(3)* %28, align 4 | ;                      | read before it was written
      another sum             | vec_sum_f32 | fadd float %40, %44                     | fsub float %40, %44              | wrong bits in buffer 1
      no such parameter       | vec_sum_f32 | addrspace(2)* %2, i64 0, i32 1          | addrspace(2)* %2, i64 1, i32 1   | load outside the parameters
      two at one index        | vec_sum_f32 | !"air.location_index", i32 0            | !"air.location_index", i32 1     | buffers are at indexes [1, 1, 2]
      an unknown built-in     | vec_sum_f32 | air.thread_index_in_threadgroup         | air.thread_position_in_grid      | does not know parameters
      another buffer          | vec_sub_f32 | float addrspace(1)* %0, i64             | float addrspace(1)* %1, i64      | wrong bits in buffer 2
      a write to an input     | vec_add_f32 | store float %25, float addrspace(1)* %26 | store float %25, float addrspace(1)* %23 | store to buffer 1, which is read only
      no guard                | vec_add_f32 | br i1 %18, label %19, label %27         | br label %19                     | load outside buffer 0
      """)
  void aPlantedMistakeIsSeen(String mistake, String kernel, String right, String wrong, String seen, @TempDir Path folder) {
    String report;
    try {
      report = difference(MetalExecutor.open(folder, kernel, right.replace('~', '\n'), wrong), LAUNCHES.get(kernel));
    } catch (KernelException e) {
      report = e.getMessage();
    }
    assertTrue(report.contains(seen), report);
  }

  /** What is wrong with a launch's results, or nothing. */
  static String difference(MetalExecutor executor, GoldenLaunch launch) {
    try (Arena arena = Arena.ofConfined()) {
      List<MemorySegment> buffers = launch.before().stream()
          .map(bytes -> arena.allocate(bytes.length, 16).copyFrom(MemorySegment.ofArray(bytes))).toList();
      int[] grid = launch.grid();
      executor.run(launch.symbol(), buffers, arena.allocateFrom(ValueLayout.JAVA_INT, launch.parameters()), grid[0], grid[1], grid[2],
          KernelInterface.of(ENTRIES.get(launch.symbol())).threads());
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
