package io.gllm.kernels.api.op;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import java.util.List;

/**
 * The identity of an operator: its name, the type of its kernels, and the element types it exists for. A device must have
 * a kernel for every one of them.
 *
 * @param <K> the kernel interface
 */
public final class Op<K> {
  /** The three floating-point types. */
  public static final List<ElementType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);

  private final String name;
  private final Class<K> kernel;
  private final List<ElementType> types;

  Op(String name, Class<K> kernel, List<? extends ElementType> types) {
    this.name = name;
    this.kernel = kernel;
    this.types = List.copyOf(types);
  }

  /** Name in snake_case, as in kernel symbols and reports. */
  public String name() {
    return name;
  }

  /** The kernel interface. */
  public Class<K> kernel() {
    return kernel;
  }

  /** The element types it is dispatched on, and must exist for. */
  public List<ElementType> types() {
    return types;
  }

  @Override
  public String toString() {
    return name;
  }
}
