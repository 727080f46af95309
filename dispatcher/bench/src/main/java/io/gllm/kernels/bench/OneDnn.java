package io.gllm.kernels.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/** oneDNN: dnnl_sgemm, also for a matrix and a vector, on the threads of OpenMP. */
final class OneDnn implements Peer {
  static final String NAME = "onednn";
  static final List<String> FILES = List.of("libdnnl.so.3", "libdnnl.so.2", "libdnnl.so", "libdnnl.3.dylib", "libdnnl.dylib", "dnnl.dll");

  private static final byte AS_IT_IS = 'N';
  private static final byte TRANSPOSED = 'T';

  private final String description;
  private final MethodHandle setThreads;
  private final MethodHandle sgemm;

  private OneDnn(ForeignLibrary library) throws PeerMissing {
    this.description = version(library.function("dnnl_version", FunctionDescriptor.of(ADDRESS)));
    this.setThreads = library.function("omp_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
    this.sgemm = library.function("dnnl_sgemm", FunctionDescriptor.of(JAVA_INT, JAVA_BYTE, JAVA_BYTE, JAVA_LONG, JAVA_LONG, JAVA_LONG,
        JAVA_FLOAT, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_FLOAT, ADDRESS, JAVA_LONG));
  }

  static OneDnn open() throws PeerMissing {
    return new OneDnn(ForeignLibrary.load(NAME, FILES));
  }

  /** dnnl_version_t begins with three ints. */
  private static String version(MethodHandle getVersion) {
    try {
      MemorySegment version = ((MemorySegment) getVersion.invokeExact()).reinterpret(3 * JAVA_INT.byteSize());
      return "oneDNN " + version.getAtIndex(JAVA_INT, 0) + "." + version.getAtIndex(JAVA_INT, 1) + "." + version.getAtIndex(JAVA_INT, 2);
    } catch (Throwable e) {
      throw ForeignLibrary.failed(NAME, e);
    }
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public void useThreads(int threads) {
    try {
      setThreads.invokeExact(threads);
    } catch (Throwable e) {
      throw ForeignLibrary.failed(NAME, e);
    }
  }

  @Override
  public void multiply(Product p, MemorySegment a, MemorySegment b, MemorySegment c) {
    int status;
    try {
      status = (int) sgemm.invokeExact(AS_IT_IS, p.transposed() ? TRANSPOSED : AS_IT_IS, p.m(), p.n(), p.k(), 1f, a, p.k(), b,
          p.transposed() ? p.k() : p.n(), 0f, c, p.n());
    } catch (Throwable e) {
      throw ForeignLibrary.failed(NAME, e);
    }
    if (status != 0) {
      throw new IllegalStateException("dnnl_sgemm failed with status " + status);
    }
  }
}
