package io.gllm.kernels.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/** OpenBLAS: cblas_sgemm and cblas_sgemv. */
final class OpenBlas implements Peer {
  static final String NAME = "openblas";
  static final List<String> FILES = List.of("libopenblas.so.0", "libopenblas.so", "libopenblas.0.dylib", "libopenblas.dylib",
      "/opt/homebrew/opt/openblas/lib/libopenblas.dylib", "libopenblas.dll");

  private static final int ROW_MAJOR = 101;
  private static final int AS_IT_IS = 111;
  private static final int TRANSPOSED = 112;
  private static final long MOST_CONFIG = 1024;

  private final String description;
  private final MethodHandle setThreads;
  private final MethodHandle getThreads;
  private final MethodHandle sgemm;
  private final MethodHandle sgemv;

  private OpenBlas(ForeignLibrary library) throws PeerMissing {
    this.description = config(library.function("openblas_get_config", FunctionDescriptor.of(ADDRESS)));
    if (description.contains("USE64BITINT")) {
      throw new PeerMissing(NAME + " is not used: its integers have 64 bits");
    }
    this.setThreads = library.function("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
    this.getThreads = library.function("openblas_get_num_threads", FunctionDescriptor.of(JAVA_INT));
    this.sgemm = library.function("cblas_sgemm", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
        JAVA_FLOAT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_FLOAT, ADDRESS, JAVA_INT));
    this.sgemv = library.function("cblas_sgemv", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_FLOAT, ADDRESS,
        JAVA_INT, ADDRESS, JAVA_INT, JAVA_FLOAT, ADDRESS, JAVA_INT));
  }

  static OpenBlas open() throws PeerMissing {
    return new OpenBlas(ForeignLibrary.load(NAME, FILES));
  }

  private static String config(MethodHandle getConfig) {
    try {
      return ((MemorySegment) getConfig.invokeExact()).reinterpret(MOST_CONFIG).getString(0).strip();
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
      int set = (int) getThreads.invokeExact();
      if (set != threads) {
        throw new BenchCase.CannotRun(NAME + " takes " + set + " threads instead of " + threads);
      }
    } catch (BenchCase.CannotRun e) {
      throw e;
    } catch (Throwable e) {
      throw ForeignLibrary.failed(NAME, e);
    }
  }

  @Override
  public void multiply(Product p, MemorySegment a, MemorySegment b, MemorySegment c) {
    int m = (int) p.m();
    int n = (int) p.n();
    int k = (int) p.k();
    try {
      if (n == 1) {
        sgemv.invokeExact(ROW_MAJOR, AS_IT_IS, m, k, 1f, a, k, b, 1, 0f, c, 1);
      } else {
        sgemm.invokeExact(ROW_MAJOR, AS_IT_IS, p.transposed() ? TRANSPOSED : AS_IT_IS, m, n, k, 1f, a, k, b, p.transposed() ? k : n, 0f, c,
            n);
      }
    } catch (Throwable e) {
      throw ForeignLibrary.failed(NAME, e);
    }
  }
}
