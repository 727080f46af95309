package io.gllm.kernels.api.spi;

/** A limit of a device that kernels are compared with. */
public enum PeakKind {
  /** Fused multiply-adds of f32 on registers; work is flops, two for each. */
  FMA_F32("f32 fma", true),
  /** Dot products of bytes with integer sums on registers; work is operations, two for each product. */
  DOT_I8("i8 dot product", true),
  /** Dot products of bf16 with f32 sums on registers; work is flops, two for each product. */
  DOT_BF16("bf16 dot product", true),
  /** The innermost tile of the f32 matrix product on operands in the cache; work is flops. */
  GEMM_TILE("f32 gemm tile", true),
  /** Reading memory in order; work is bytes read. */
  READ("read", false),
  /** Copying memory; work is bytes read and bytes written. */
  COPY("copy", false),
  /** Copying memory with stores past the caches; work is bytes read and bytes written. */
  STREAM_COPY("streaming copy", false);

  private final String label;
  private final boolean compute;

  PeakKind(String label, boolean compute) {
    this.label = label;
    this.compute = compute;
  }

  /** Name for reports. */
  public String label() {
    return label;
  }

  /** Whether work is operations; otherwise it is bytes. */
  public boolean isCompute() {
    return compute;
  }
}
