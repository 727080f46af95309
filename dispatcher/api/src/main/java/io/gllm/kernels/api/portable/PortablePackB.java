package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.PackB;

/** Packed here means rows [n][k], as gemm_bt and quant_matmul read them: a copy, or a transposition. */
final class PortablePackB implements PackB.Kernel {
  private final ElementType type;
  private final Copy copy;

  PortablePackB(Launcher launcher, ElementType type) {
    this.type = type;
    copy = new Copy(launcher, type);
  }

  @Override
  public long packedBytes(long n, long k) {
    return (type.bytesFor(n * k) + 3) / 4 * 4;
  }

  @Override
  public void run(Buffer b, Buffer packed, long n, long k, boolean transposed) {
    if (transposed) {
      copy.straight(b, packed, type.bytesFor(n * k));
    } else {
      copy.transposed(b, packed, n, k);
    }
  }
}
