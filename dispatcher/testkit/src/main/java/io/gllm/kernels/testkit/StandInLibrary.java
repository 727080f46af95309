package io.gllm.kernels.testkit;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Plays a native driver library in a test, without the hardware: every method of an object that is not private becomes a
 * native function of the same name. Methods take and return int, long, byte, boolean, or {@link MemorySegment} for a pointer
 * (with unlimited bounds), and must not throw, since native code cannot unwind.
 */
public final class StandInLibrary implements SymbolLookup {
  private static final MemoryLayout ANY = MemoryLayout.sequenceLayout(Long.MAX_VALUE, ValueLayout.JAVA_BYTE);

  private final Map<String, MemorySegment> functions = new HashMap<>();

  /**
   * Makes native functions of the methods of {@code driver}.
   *
   * @param lookup may see those methods
   * @param arena as long as it is open, the functions exist
   * @throws IllegalArgumentException if a method has a type that native code cannot pass
   */
  public StandInLibrary(MethodHandles.Lookup lookup, Object driver, Arena arena) {
    for (Method method : driver.getClass().getDeclaredMethods()) {
      if (!Modifier.isPrivate(method.getModifiers()) && !method.isSynthetic()) {
        try {
          MethodHandle target = lookup.unreflect(method).bindTo(driver);
          functions.put(method.getName(), Linker.nativeLinker().upcallStub(target, descriptor(method), arena));
        } catch (IllegalAccessException e) {
          throw new IllegalArgumentException(method + " cannot be seen by " + lookup, e);
        }
      }
    }
  }

  /** Takes a function away, as in an older driver. */
  public StandInLibrary without(String function) {
    if (functions.remove(function) == null) {
      throw new IllegalArgumentException("no function " + function);
    }
    return this;
  }

  @Override
  public Optional<MemorySegment> find(String name) {
    return Optional.ofNullable(functions.get(name));
  }

  private static FunctionDescriptor descriptor(Method method) {
    MemoryLayout[] arguments = Arrays.stream(method.getParameterTypes()).map(StandInLibrary::layout).toArray(MemoryLayout[]::new);
    Class<?> result = method.getReturnType();
    return result == void.class ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(layout(result), arguments);
  }

  private static MemoryLayout layout(Class<?> type) {
    if (type == MemorySegment.class) {
      return ValueLayout.ADDRESS.withTargetLayout(ANY);
    }
    return switch (type.getName()) {
      case "int" -> ValueLayout.JAVA_INT;
      case "long" -> ValueLayout.JAVA_LONG;
      case "byte" -> ValueLayout.JAVA_BYTE;
      case "boolean" -> ValueLayout.JAVA_BOOLEAN;
      default -> throw new IllegalArgumentException("native code cannot pass " + type);
    };
  }
}
