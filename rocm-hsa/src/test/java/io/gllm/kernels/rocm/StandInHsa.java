package io.gllm.kernels.rocm;

import io.gllm.kernels.rocm.gcn.DeviceMemoryMap;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An HSA runtime with a processor and some GPUs, in Java: what a test sets, sees, and lets fail. The functions themselves are
 * {@link StandInFunctions}, the packet processor and the copying engines {@link StandInEngines}. It refuses what a real runtime
 * refuses, with the same results; where a real one would do something undefined it fails the test. Nothing happens before somebody
 * waits, new memory is poisoned, the memory of a GPU lies where the host cannot reach it. Calls come one at a time.
 */
final class StandInHsa implements SymbolLookup {
  /** Runs a kernel; throws if it does something wrong. */
  interface Kernels {
    void run(CodeObject code, String kernel, MemorySegment arguments, int x, int y, int z, int threads, DeviceMemoryMap memory);
  }

  /** Set before the device is opened: instruction sets of each GPU, the number of its chip, memory, packets of a queue. */
  List<String> isas = List.of("amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-");
  int machine = 0x3f;
  int gpus = 1;
  int processors = 1;
  boolean sharesMemory = true;
  long total = 1L << 30;
  int maxPackets = 1 << 17;
  /** Whether copies that may run do so before packets. */
  boolean copiesFirst;
  final Kernels kernels;

  /** Calls so far, by name; what the test must not have done; what was left when the last user stopped. */
  final List<String> log = new ArrayList<>();
  final List<Throwable> failures = new ArrayList<>();
  final List<String> leaks = new ArrayList<>();
  int doorbells;
  int dispatches;

  DeviceMemoryMap memory = new DeviceMemoryMap();
  final Map<Long, Object> handles = new TreeMap<>();
  final Map<Long, Long> device = new TreeMap<>();
  final Map<Long, HostMemory> host = new TreeMap<>();
  int users;
  private long next = 0x5000;
  private int failAt = -1;
  private int failWith;
  private String failed;
  private final Arena arena = Arena.ofAuto();
  private final Map<String, MemorySegment> functions = new HashMap<>();

  /** Host memory from a pool; {@code shared} if the GPU may use it. */
  record HostMemory(Arena arena, MemorySegment bytes, boolean[] shared) {}

  StandInHsa(Kernels kernels) {
    this.kernels = kernels;
    StandInFunctions target = new StandInFunctions(this);
    for (Method method : StandInFunctions.class.getDeclaredMethods()) {
      if (method.getName().startsWith("hsa_")) {
        functions.put(method.getName(), stub(target, method));
      }
    }
  }

  private MemorySegment stub(StandInFunctions target, Method method) {
    try {
      MethodHandle call = MethodHandles.lookup().unreflect(method).bindTo(target);
      MethodHandle intercept = MethodHandles.lookup().findVirtual(StandInHsa.class, "intercept",
          MethodType.methodType(Object.class, String.class, MethodHandle.class, Object[].class));
      MethodHandle stub = MethodHandles.insertArguments(intercept, 0, this, method.getName(), call)
          .asCollector(Object[].class, call.type().parameterCount()).asType(call.type());
      MemoryLayout[] arguments = Arrays.stream(method.getParameterTypes()).map(StandInHsa::layout).toArray(MemoryLayout[]::new);
      FunctionDescriptor descriptor = method.getReturnType() == void.class
          ? FunctionDescriptor.ofVoid(arguments)
          : FunctionDescriptor.of(layout(method.getReturnType()), arguments);
      return Linker.nativeLinker().upcallStub(stub, descriptor, arena);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static MemoryLayout layout(Class<?> type) {
    return type == int.class ? ValueLayout.JAVA_INT : ValueLayout.JAVA_LONG;
  }

  @SuppressWarnings("unused") // through a method handle
  private synchronized Object intercept(String function, MethodHandle call, Object[] arguments) {
    boolean status = call.type().returnType() == int.class && !function.equals("hsa_status_string");
    if (status) {
      log.add(function);
      if (log.size() - 1 == failAt) {
        failed = function;
        return failWith;
      }
    }
    try {
      return call.invokeWithArguments(arguments);
    } catch (Throwable t) { // native code cannot unwind
      failures.add(t);
      return call.type().returnType() == long.class ? (Object) (-1L) : (Object) 0x1000;
    }
  }

  @Override
  public Optional<MemorySegment> find(String name) {
    return Optional.ofNullable(functions.get(name));
  }

  /** Takes a function away, as in an older runtime. */
  StandInHsa without(String function) {
    functions.remove(function);
    return this;
  }

  /** Makes call number {@code number} fail, counted from 0 over all calls that have a status. */
  void failCall(int number, int result) {
    failAt = number;
    failWith = result;
  }

  /** The function whose call was made to fail, or null. */
  String failedCall() {
    return failed;
  }

  /** Whether nobody uses the runtime, and nothing is left in it. */
  boolean isIdle() {
    return users == 0 && handles.isEmpty() && device.isEmpty() && host.isEmpty();
  }

  /** Bytes of GPU memory that are allocated. */
  long used() {
    return device.values().stream().mapToLong(Long::longValue).sum();
  }

  long create(Object object) {
    handles.put(next += 16, object);
    return next;
  }

  /** The object behind a handle, null if it is none of this type. */
  <T> T get(long handle, Class<T> type) {
    Object object = handles.get(handle);
    return type.isInstance(object) ? type.cast(object) : null;
  }

  /** The last user has stopped. */
  void clear() {
    handles.values().forEach(left -> leaks.add(left.getClass().getSimpleName()));
    handles.clear();
    device.values().forEach(bytes -> leaks.add(bytes + " bytes of GPU memory"));
    device.clear();
    host.values().forEach(left -> {
      leaks.add(left.bytes.byteSize() + " bytes of host memory");
      left.arena.close();
    });
    host.clear();
    memory = new DeviceMemoryMap();
  }
}
