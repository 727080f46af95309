package io.gllm.kernels.cuda;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.BackendConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** The backend on the stand-in for the driver, with the shipped code or some like it. */
final class TunedDevice implements AutoCloseable {
  final StandInDriver driver = new StandInDriver();
  final CudaDevice device;

  TunedDevice(CudaBlobs blobs) {
    driver.total = 8L << 30;
    CudaBackendProvider provider = new CudaBackendProvider(StandInLibcuda.install(driver, blobs));
    device = (CudaDevice) provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
  }

  /** The contents of a launch's buffers after it, each in memory of its own. */
  List<byte[]> run(GoldenLaunch golden) {
    try (CudaQueue queue = (CudaQueue) device.openQueue(Numerics.FAST); Arena arena = Arena.ofConfined()) {
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

  private static byte[] download(CudaQueue queue, Buffer buffer, Arena arena) {
    try (buffer) {
      MemorySegment bytes = arena.allocate(buffer.byteSize());
      queue.copy(buffer, Buffer.wrap(bytes, DType.I8));
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  @Override
  public void close() {
    device.close();
  }
}
