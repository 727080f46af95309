package io.gllm.kernels;

import io.gllm.kernels.api.spi.BackendProvider;
import java.util.Map;

/** Dispatchers on backends that are not on the list of services. */
public final class TestDispatchers {
  private TestDispatchers() {}

  /** One with all that a user gets by default. */
  public static KernelDispatcher on(BackendProvider provider) {
    return new KernelDispatcher.Builder(Map.of(provider.name(), provider)).backend(provider.name()).create();
  }

  /** One that refuses to copy operands for each call. */
  public static KernelDispatcher strict(BackendProvider provider) {
    return new KernelDispatcher.Builder(Map.of(provider.name(), provider)).backend(provider.name()).strict().create();
  }
}
