package io.gllm.kernels;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.Queue;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/**
 * Kernels with their arguments, in order: the recording of a queue that captures nothing itself. While calls are recorded, a table of
 * {@linkplain #kernel listeners} takes the place of the kernels; a replay is one call of a bound method handle for each.
 */
final class BoundCalls implements Queue.Captured {
  private static final MethodHandle[] NONE = {};

  private final List<MethodHandle> recorded = new ArrayList<>();
  private MethodHandle[] calls = NONE;

  /** A kernel that keeps its calls for those of {@code queue}. */
  <K> K kernel(Queue queue, Op<K> op, ElementType type) {
    K kernel = queue.kernel(op, type);
    return op.kernel().cast(Proxy.newProxyInstance(op.kernel().getClassLoader(), new Class<?>[]{op.kernel()},
        (_, method, arguments) -> keep(kernel, method, arguments)));
  }

  private Object keep(Object kernel, Method method, Object[] arguments) throws IllegalAccessException {
    MethodHandle call = MethodHandles.publicLookup().unreflect(method).bindTo(kernel);
    recorded.add(MethodHandles.insertArguments(call, 0, arguments).asType(MethodType.methodType(void.class)));
    return null;
  }

  /** Ends the recording. */
  void finish() {
    calls = recorded.toArray(NONE);
  }

  @Override
  public void replay() {
    for (MethodHandle call : calls) {
      run(call);
    }
  }

  private static void run(MethodHandle call) {
    try {
      call.invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t); // no kernel declares an exception
    }
  }

  @Override
  public void close() {
    calls = NONE;
  }
}
