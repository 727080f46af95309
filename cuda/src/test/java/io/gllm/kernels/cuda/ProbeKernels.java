package io.gllm.kernels.cuda;

import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;

/** The kernels of probe.cu, as a blob. */
final class ProbeKernels {
  private static final byte[] TEXT = text();

  private ProbeKernels() {}

  /** The blob, whose bytes are {@code text} and a zero byte. */
  static CudaBlobs blobs(byte[] text) {
    int bytes = text.length + 1;
    Map<String, Blob> blobs = BlobManifest.parse("probe", """
        blob	ptx_80	kernels.bin	%1$d	0	cuda-11.0	0	nvcc
        entry	ptx_80	scale_f32	0	%1$d;64;0;f32 in x,f32 out y;uint n,float factor
        entry	ptx_80	fault_u32	0	%1$d;1;0;u32 out faults;uint what,uint position,int value,uint limit
        entry	ptx_80	wild_u32	0	%1$d;1;0;u32 out x;uint at
        entry	ptx_80	absent_u32	0	%1$d;1;0;u32 out x;uint at
        entry	ptx_80	cut_u32	0	%2$d;1;0;u32 out x;uint at
        entry	ptx_80	outside_u32	0	%3$d;1;0;u32 out x;uint at
        """.formatted(bytes, bytes - 1, bytes + 1));
    return new CudaBlobs(blobs.values(), _ -> Arrays.copyOf(text, bytes));
  }

  static CudaBlobs blobs() {
    return blobs(TEXT);
  }

  private static byte[] text() {
    try (InputStream in = ProbeKernels.class.getResourceAsStream("probe.ptx")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
