package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.DeviceLostException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.rocm.gcn.Listing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** The backend on the stand-in for the runtime, with the shipped code of a chip or some like it. */
final class TunedDevice implements AutoCloseable {
  final StandInHsa runtime;
  final RocmDevice device;

  TunedDevice(String chip) {
    this(chip, StandInGpu.tuned(chip), RocmBlobs.onClassPath());
  }

  TunedDevice(String chip, Listing tuned, RocmBlobs blobs) {
    runtime = StandInGpu.runtime(StandInGpu.listing(chip), tuned);
    RocmBackendProvider provider = ProbeKernels.install(runtime, () -> blobs);
    device = (RocmDevice) provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
  }

  /** The contents of a launch's buffers after it, each in memory of its own. */
  List<byte[]> run(GoldenLaunch golden) {
    try {
      return launch(golden);
    } catch (DeviceLostException e) {
      assertNoMisuse();
      throw e;
    }
  }

  /** The same for a kernel that may do something wrong. */
  List<byte[]> launch(GoldenLaunch golden) {
    try (RocmQueue queue = (RocmQueue) device.openQueue(Numerics.FAST); Arena arena = Arena.ofConfined()) {
      List<Buffer> buffers = new ArrayList<>();
      Launch launch = queue.prepare(golden.symbol());
      for (byte[] bytes : golden.before()) {
        Buffer buffer = Buffer.owning(device.allocate(bytes.length), DType.I8, bytes.length);
        queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), DType.I8), buffer);
        launch.buffer(buffer);
        buffers.add(buffer);
      }
      for (int parameter : golden.parameters()) {
        launch.bits(parameter);
      }
      queue.begin();
      try {
        launch.grid(golden.grid()[0], golden.grid()[1], golden.grid()[2]);
      } finally {
        queue.end();
      }
      return buffers.stream().map(buffer -> download(queue, buffer, arena)).toList();
    }
  }

  private static byte[] download(RocmQueue queue, Buffer buffer, Arena arena) {
    try (buffer) {
      MemorySegment bytes = arena.allocate(buffer.byteSize());
      queue.copy(buffer, Buffer.wrap(bytes, DType.I8));
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  void assertNoMisuse() {
    assertEquals(List.of(), runtime.failures);
  }

  @Override
  public void close() {
    device.close();
  }
}
