package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.PeakKind;

/**
 * One operator at one size, one loop of the device, or one phase of a model.
 *
 * @param suite the suite it belongs to
 * @param name the operator, the loop or the phase
 * @param op the operator, or null
 * @param loop the loop, or null
 * @param type the element type the operator is dispatched on, or of the weights
 * @param shape the sizes, for people
 * @param work what one call does
 * @param roof the limits it is compared with
 * @param product the product that foreign libraries can do as well, or null
 * @param setup makes the operands, or null for a loop
 */
record BenchCase(String suite, String name, Op<?> op, PeakKind loop, ElementType type, String shape, Work work, Roof roof, Product product,
    Setup setup) {
  /** Makes the operands of a case and the call that is timed. */
  @FunctionalInterface
  interface Setup {
    /**
     * The call, which allocates nothing; what {@code operands} keep is freed afterwards.
     *
     * @throws CannotRun if this device cannot run the case
     */
    Runnable prepare(KernelDispatcher kernels, Operands operands);
  }

  /** Says why a case is left out. */
  static final class CannotRun extends RuntimeException {
    private static final long serialVersionUID = 1;

    CannotRun(String reason) {
      super(reason, null, false, false);
    }
  }

  /** A case of an operator. */
  static BenchCase of(String suite, Op<?> op, ElementType type, String shape, double flops, double bytes, Roof roof, Setup setup) {
    return new BenchCase(suite, op.name(), op, null, type, shape, Work.of(flops, bytes), roof, null, setup);
  }

  /** A loop on registers or in the cache, compared with the speed of fused multiply-adds; how much it does is known once it is open. */
  static BenchCase loop(String suite, PeakKind kind) {
    return new BenchCase(suite, kind.label(), null, kind, DType.F32, "in cache", Work.of(0, 0), Roof.operations(), null, null);
  }

  /** A phase of a model. */
  static BenchCase model(String suite, String phase, ElementType type, String shape, Work work, Roof roof, Setup setup) {
    return new BenchCase(suite, phase, null, null, type, shape, work, roof, null, setup);
  }

  /** The same with another number of operations. */
  BenchCase withFlops(double operations) {
    return new BenchCase(suite, name, op, loop, type, shape, Work.of(operations, work.bytes()), roof, product, setup);
  }

  /** The same, for foreign libraries to be compared with. */
  BenchCase withProduct(Product same) {
    return new BenchCase(suite, name, op, loop, type, shape, work, roof, same, setup);
  }

  double flops() {
    return work.flops();
  }

  double bytes() {
    return work.bytes();
  }

  /** Name, type and sizes. */
  String label() {
    return name + " " + type.label() + " " + shape;
  }

  CaseKey key(String contender) {
    return new CaseKey(contender, suite, name, type.label(), shape);
  }
}
