package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.PeakKind;

/**
 * One operator at one size, or one loop of the device.
 *
 * @param suite the suite it belongs to
 * @param op the operator, or null for a loop
 * @param loop the loop, or null for an operator
 * @param type the element type the operator is dispatched on
 * @param shape the sizes, for people
 * @param flops operations of one call, from the operator's contract
 * @param bytes bytes that one call reads and writes, from the operator's contract
 * @param roof the limits it is compared with
 * @param setup makes the operands, or null for a loop
 */
public record BenchCase(
    String suite, Op<?> op, PeakKind loop, ElementType type, String shape, double flops, double bytes, Roof roof, Setup setup) {
  /** Makes the operands of a case and the call that is timed. */
  @FunctionalInterface
  public interface Setup {
    /** The call, which allocates nothing; buffers come from {@code operands}, which are freed afterwards. */
    Runnable prepare(KernelDispatcher kernels, Operands operands);
  }

  /** A case of an operator. */
  static BenchCase of(String suite, Op<?> op, ElementType type, String shape, double flops, double bytes, Roof roof, Setup setup) {
    return new BenchCase(suite, op, null, type, shape, flops, bytes, roof, setup);
  }

  /** A loop on registers or in the cache, compared with the speed of fused multiply-adds; how much it does is known once it is open. */
  static BenchCase loop(String suite, PeakKind kind) {
    return new BenchCase(suite, null, kind, DType.F32, "in cache", 0, 0, Roof.operations(), null);
  }

  /** The same with another number of operations. */
  BenchCase withFlops(double operations) {
    return new BenchCase(suite, op, loop, type, shape, operations, bytes, roof, setup);
  }

  /** Name of the operator or loop. */
  public String name() {
    return op != null ? op.name() : loop.label();
  }

  /** Name, type and sizes. */
  public String label() {
    return name() + " " + type.label() + " " + shape;
  }
}
