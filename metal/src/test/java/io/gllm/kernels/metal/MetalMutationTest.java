package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mistakes in the host code, planted as a message that is lost, sent twice, or has another argument: each is reported. */
class MetalMutationTest {
  @TempDir
  private Path root;

  /** y = x + x three times, in two command buffers; what is wrong afterwards, be it the stand-in's report, a leak or a result. */
  private List<String> reports(StandInMetal metal) {
    List<String> reports = new ArrayList<>();
    try (MetalDevice device = StandInMac.open(metal, root); Arena arena = Arena.ofShared()) {
      MetalQueue queue = (MetalQueue) device.openQueue(Numerics.FAST);
      Buffer x = Buffer.owning(device.allocate(12), DType.F32, 3);
      Buffer y = Buffer.owning(device.allocate(12), DType.F32, 3);
      queue.copy(Buffer.wrap(arena.allocateFrom(JAVA_FLOAT, 1, 2, 3), DType.F32), x);
      add(queue, x, x, y);
      queue.sync();
      add(queue, x, y, x);
      add(queue, x, y, y);
      MemorySegment result = arena.allocate(12, 4);
      queue.copy(y, Buffer.wrap(result, DType.F32));
      float[] sums = result.toArray(JAVA_FLOAT);
      if (!Arrays.equals(new float[]{5, 10, 15}, sums)) {
        reports.add("wrong result " + Arrays.toString(sums));
      }
    } catch (RuntimeException | AssertionError e) {
      reports.add(e.toString());
    }
    reports.addAll(metal.failures);
    metal.live().forEach(kind -> reports.add("leak of " + kind));
    if (metal.openPools() != 0) {
      reports.add(metal.openPools() + " pools are open");
    }
    return reports;
  }

  private static void add(MetalQueue queue, Buffer a, Buffer b, Buffer y) {
    queue.begin();
    try {
      queue.prepare("vec_add_f32").buffer(a).buffer(b).buffer(y).value(3).groups(1);
    } finally {
      queue.end();
    }
  }

  private static StandInMetal metal() {
    return new StandInMetal((symbol, buffers, parameters, gx, gy, gz, threads) -> {
      for (int i = 0; i < parameters.get(JAVA_INT, 0); i++) {
        buffers.get(2).setAtIndex(JAVA_FLOAT, i, buffers.get(0).getAtIndex(JAVA_FLOAT, i) + buffers.get(1).getAtIndex(JAVA_FLOAT, i));
      }
    });
  }

  @Test
  void withoutAMistakeNothingIsReported() {
    assertEquals(List.of(), reports(metal()));
  }

  /** Argument 0 is the first one after the selector; {@code times} is how often the message arrives. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiter = '|', textBlock = """
      over-release                  | release                         | 2 |    |    | over-release
      a release forgotten           | release                         | 0 |    |    | leak of
      a command buffer not retained | retain                          | 0 |    |    | sent to a released
      retained twice                | retain                          | 2 |    |    | leak of
      no pool                       | objc_autoreleasePoolPush        | 0 |    |    | autoreleased without a pool
      a pool left open              | objc_autoreleasePoolPop         | 0 |    |    | pools are open
      library data not released     | dispatch_release                | 0 |    |    | leak of Data
      library data released twice   | dispatch_release                | 2 |    |    | dispatch_release
      wrong argument index          | setBuffer:offset:atIndex:       | 1 | 2  | 1  | is not set
      parameters at a wrong index   | setBytes:length:atIndex:        | 1 | 2  | 1  | are not at index 3
      too few bytes of parameters   | setBytes:length:atIndex:        | 1 | 1  | -3 | bytes of parameters
      a buffer in place of another  | setBuffer:offset:atIndex:       | 1 | 0  | 16 | in place of Buffer
      an offset beyond the buffer   | setBuffer:offset:atIndex:       | 1 | 1  | 64 | offset 64
      a buffer not bound            | setBuffer:offset:atIndex:       | 0 |    |    | buffer 0 of vec_add_f32 is not set
      parameters not set            | setBytes:length:atIndex:        | 0 |    |    | are not at index 3
      no pipeline                   | setComputePipelineState:        | 0 |    |    | no pipeline is set
      a launch forgotten            | dispatchThreadgroups:threadsPerThreadgroup: | 0 | | | wrong result
      a launch twice                | dispatchThreadgroups:threadsPerThreadgroup: | 2 | | | wrong result
      an encoder left open          | endEncoding                     | 0 |    |    | committed while an encoder is open
      not committed                 | commit                          | 0 |    |    | not committed
      committed twice               | commit                          | 2 |    |    | committed twice
      not waited for                | waitUntilCompleted              | 0 |    |    | GPU did not finish
      private memory                | newBufferWithLength:options:    | 1 | 1  | 32 | with options 32
      """)
  void aPlantedMistakeIsReported(String mistake, String message, int times, Integer argument, Integer more, String report) {
    StandInMetal metal = metal();
    metal.mistakes.put(message, arguments -> {
      if (argument != null) {
        arguments[argument] += more;
      }
      return times;
    });
    List<String> reports = reports(metal);
    assertTrue(reports.stream().anyMatch(line -> line.contains(report)), reports.toString());
  }
}
