package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.portable.KernelInterface;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Plays the Objective-C runtime and Metal behind native functions: objects with reference counts, pools of threads, and command buffers
 * that do nothing before they are waited for. What Metal would answer with an exception, a crash or a leak becomes a line of
 * {@link #failures}. One function serves every signature of objc_msgSend, which the convention of x86-64 allows: numbers arrive in
 * registers, structures on the stack. A result that is a double leaves in another register, so another function gives those.
 */
final class StandInMetal implements SymbolLookup {
  /** Runs a kernel. */
  interface Kernels {
    void run(String symbol, List<MemorySegment> buffers, MemorySegment parameters, int gx, int gy, int gz, int threads);
  }

  private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();
  private static final int PAGE = 4096; // of this machine; 16384 on a Mac with Apple silicon
  private static final Arena FUNCTIONS = Arena.global(); // native code cannot say when it no longer needs them

  final List<String> failures = new ArrayList<>();
  /** What host code with a mistake would send: changes the arguments of a message, and says how often it arrives. */
  interface Mistake {
    int deliver(long[] arguments);
  }

  /** Messages and functions that give nil, or let a command buffer fail ("status"). */
  final Set<String> refused = new HashSet<>();
  /** Functions of which no pipeline is made. */
  final Set<String> refusedFunctions = new HashSet<>();
  final Map<String, Integer> sent = new HashMap<>();
  /** All messages and functions so far but those that only register names. */
  final List<String> log = new ArrayList<>();
  /** Mistakes that are made in place of a message or function. */
  final Map<String, Mistake> mistakes = new HashMap<>();
  final Set<Long> families = new HashSet<>(List.of(1007L, 5001L));
  long simdWidth = 32;
  long maxThreads = 1024;
  long maxBuffer = 8L << 30;

  private final Kernels kernels;
  private final MetalBlobs blobs = MetalBlobs.onClassPath();
  private final Map<String, MemorySegment> functions = new HashMap<>();
  private final Map<Long, String> selectors = new HashMap<>();
  private final Map<Long, StandInObject> objects = new HashMap<>();
  private final Map<Thread, Deque<List<StandInObject>>> pools = new HashMap<>();
  private final Arena texts = Arena.ofShared();
  private long next = 0x10000;
  private int failAt = -1;
  private String failed;

  StandInMetal(Kernels kernels) {
    this.kernels = kernels;
    define("objc_autoreleasePoolPush", JAVA_LONG);
    define("objc_autoreleasePoolPop", null, JAVA_LONG);
    define("MTLCreateSystemDefaultDevice", JAVA_LONG);
    define("dispatch_data_create", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    define("dispatch_release", null, JAVA_LONG);
    define("sel_registerName", JAVA_LONG, JAVA_LONG);
    define("objc_getClass", JAVA_LONG, JAVA_LONG);
    define("getpagesize", JAVA_INT);
    define("seconds", JAVA_DOUBLE, JAVA_LONG, JAVA_LONG);
    define("objc_msgSend", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, MetalCalls.SIZE, MetalCalls.SIZE);
    if (StandInMac.isPossible()) {
      functions.put("objc_msgSend", JumpBySelector.between(functions.get("objc_msgSend"), functions.remove("seconds")));
    }
  }

  /** Makes call number {@code number} of {@link #log} fail: it gives nothing, or the work that it belongs to fails. */
  void failCall(int number) {
    failAt = number;
  }

  /** All messages that were registered. */
  Set<String> selectors() {
    return new HashSet<>(selectors.values());
  }

  /** What was made to fail. */
  String failedCall() {
    return failed;
  }

  private void define(String name, MemoryLayout result, MemoryLayout... arguments) {
    FunctionDescriptor descriptor = result == null ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(result, arguments);
    MethodType type = descriptor.toMethodType();
    try {
      MethodHandle target = LOOKUP.findVirtual(StandInMetal.class, name, type).bindTo(this);
      functions.put(name, Linker.nativeLinker().upcallStub(target, descriptor, FUNCTIONS));
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(name, e);
    }
  }

  @Override
  public Optional<MemorySegment> find(String name) {
    return Optional.ofNullable(functions.get(name));
  }

  /** Takes a function away, as in an older system. */
  StandInMetal without(String function) {
    functions.remove(function);
    return this;
  }

  /** Objects that are alive, by kind; none after everything was given back. */
  synchronized List<String> live() {
    return objects.values().stream().filter(object -> object.references > 0 && !object.kind.equals("Class")).map(object -> object.kind)
        .sorted().toList();
  }

  /** Pools that are open. */
  synchronized int openPools() {
    return pools.values().stream().mapToInt(Deque::size).sum();
  }

  synchronized void fail(String failure) {
    failures.add(failure);
  }

  private synchronized boolean isRefused(String name) {
    sent.merge(name, 1, Integer::sum);
    log.add(name);
    if (log.size() - 1 == failAt) {
      failed = name;
      return true;
    }
    return refused.contains(name);
  }

  private int deliveries(String name, long... arguments) {
    return mistakes.containsKey(name) ? mistakes.get(name).deliver(arguments) : 1;
  }

  StandInObject create(String kind) {
    StandInObject object = new StandInObject(kind, next);
    next += 16;
    objects.put(object.id, object);
    return object;
  }

  StandInObject autoreleased(StandInObject object) {
    Deque<List<StandInObject>> open = pools.get(Thread.currentThread());
    if (open == null || open.isEmpty()) {
      fail(object.kind + " autoreleased without a pool: it leaks");
    } else {
      open.peek().add(object);
    }
    return object;
  }

  /** Gives up one reference. */
  void release(StandInObject object) {
    if (object.references <= 0) {
      fail("over-release of " + object.kind);
      return;
    }
    object.references--;
    if (object.references == 0) {
      object.dispose(this);
    }
  }

  StandInObject object(long id, String kind) {
    StandInObject object = objects.get(id);
    if (object == null || object.references <= 0 || !object.kind.equals(kind)) {
      throw new IllegalArgumentException((object == null ? "nil or garbage" : "a released or other object, " + object.kind + ",")
          + " in place of " + kind);
    }
    return object;
  }

  private synchronized long objc_autoreleasePoolPush() {
    Deque<List<StandInObject>> open = pools.computeIfAbsent(Thread.currentThread(), _ -> new ArrayDeque<>());
    for (int i = deliveries("objc_autoreleasePoolPush"); i > 0; i--) {
      open.push(new ArrayList<>());
    }
    return open.size();
  }

  private synchronized void objc_autoreleasePoolPop(long pool) {
    Deque<List<StandInObject>> open = pools.getOrDefault(Thread.currentThread(), new ArrayDeque<>());
    if (deliveries("objc_autoreleasePoolPop") == 0) {
      return;
    }
    if (open.size() != pool || pool == 0) {
      fail("pool " + pool + " popped where " + open.size() + " are open");
    } else {
      open.pop().forEach(this::release);
    }
  }

  private synchronized long MTLCreateSystemDefaultDevice() {
    return isRefused("MTLCreateSystemDefaultDevice") ? 0 : create("Device").id;
  }

  private synchronized long dispatch_data_create(long bytes, long size, long queue, long destructor) {
    if (isRefused("dispatch_data_create")) {
      return 0;
    }
    StandInObject data = create("Data");
    data.bytes = MemorySegment.ofAddress(bytes).reinterpret(size).toArray(JAVA_BYTE);
    return data.id;
  }

  private synchronized void dispatch_release(long data) {
    try {
      for (int i = deliveries("dispatch_release"); i > 0; i--) {
        release(object(data, "Data"));
      }
    } catch (RuntimeException e) {
      fail("dispatch_release: " + e.getMessage());
    }
  }

  private synchronized long sel_registerName(long name) {
    if (isRefused("sel_registerName")) {
      return 0;
    }
    next += 16;
    long selector = next + (string(name).startsWith("GPU") ? JumpBySelector.MARK : 0);
    selectors.put(selector, string(name));
    return selector;
  }

  private int getpagesize() {
    return PAGE;
  }

  /** When the GPU began and ended, one microsecond for each dispatch. */
  private synchronized double seconds(long self, long selector) {
    String name = selectors.get(selector);
    try {
      StandInObject commands = object(self, "Commands");
      if (!commands.done) {
        throw new IllegalArgumentException("not completed");
      }
      return isRefused(name) ? 0 : name.equals("GPUStartTime") ? 1000 : 1000 + 1e-6 * commands.dispatched;
    } catch (RuntimeException e) {
      fail(name + ": " + e.getMessage());
      return 0;
    }
  }

  private synchronized long objc_getClass(long name) {
    return !isRefused("objc_getClass") && string(name).equals("NSString") ? create("Class").id : 0;
  }

  static String string(long address) {
    return MemorySegment.ofAddress(address).reinterpret(4096).getString(0);
  }

  private synchronized long objc_msgSend(long self, long selector, long a, long b, long c, long d, MemorySegment s, MemorySegment t) {
    String name = selectors.get(selector);
    try {
      if (self == 0) {
        return 0;
      }
      if (name == null) {
        throw new IllegalArgumentException("a selector that was never registered");
      }
      StandInObject object = objects.get(self);
      if (object == null || object.references <= 0) {
        throw new IllegalArgumentException(object == null ? "sent to garbage" : "sent to a released " + object.kind);
      }
      if (isRefused(name)) {
        return refuse(object, name, new long[]{a, b, c, d}, s, t);
      }
      long[] arguments = {a, b, c, d};
      long result = 0;
      for (int i = deliveries(name, arguments); i > 0; i--) {
        result = answer(object, name, arguments, s, t);
      }
      return result;
    } catch (RuntimeException | AssertionError e) { // native code cannot unwind
      fail(name + ": " + e.getMessage());
      return 0;
    }
  }

  /** Messages without a result are carried out, but the work that they belong to fails; nothing is ever wrong with ownership. */
  private long refuse(StandInObject object, String name, long[] arguments, MemorySegment s, MemorySegment t) {
    if (name.endsWith(":error:")) {
      MemorySegment.ofAddress(arguments[1]).reinterpret(8).set(JAVA_LONG, 0, error("refused by the test").id);
    }
    if (name.equals("retain") || name.equals("release")) {
      return answer(object, name, arguments, s, t);
    }
    if (StandInCommands.WITHOUT_RESULT.contains(name)) {
      (object.kind.equals("Commands") ? object : object.owner).failure = "the GPU hung after " + name;
      answer(object, name, arguments, s, t);
    }
    return 0;
  }

  StandInObject error(String text) {
    StandInObject error = autoreleased(create("Error"));
    error.text = text;
    return error;
  }

  private StandInObject text(String text) {
    StandInObject string = autoreleased(create("String"));
    string.text = text;
    return string;
  }

  private long answer(StandInObject object, String name, long[] arguments, MemorySegment s, MemorySegment t) {
    long a = arguments[0];
    long b = arguments[1];
    return switch (object.kind + " " + name) {
      case "Class stringWithUTF8String:" -> text(string(a)).id;
      case "String UTF8String" -> texts.allocateFrom(object.text).address();
      case "Error localizedDescription" -> text(object.text).id;
      case "Device name" -> text("Apple Test").id;
      case "Device supportsFamily:" -> families.contains(a) ? 1 : 0;
      case "Device recommendedMaxWorkingSetSize" -> 22_906_503_168L;
      case "Device maxBufferLength" -> maxBuffer;
      case "Device newCommandQueue" -> create("Queue").id;
      case "Device newBufferWithLength:options:" -> newBuffer(a, b);
      case "Device newBufferWithBytesNoCopy:length:options:deallocator:" -> newBufferOver(arguments);
      case "Device newLibraryWithData:error:" -> newLibrary(object(a, "Data"), b);
      case "Device newComputePipelineStateWithFunction:error:" -> newPipeline(object(a, "Function").text, b);
      case "Library newFunctionWithName:" -> newFunction(object, object(a, "String").text);
      case "Pipeline maxTotalThreadsPerThreadgroup" -> maxThreads;
      case "Pipeline threadExecutionWidth" -> simdWidth;
      case "Buffer contents" -> object.memory.address();
      case "Queue commandBuffer" -> autoreleased(create("Commands").of(object)).id;
      default -> object.kind.equals("Commands") || object.kind.equals("Encoder")
          ? StandInCommands.answer(this, object, name, a, b, arguments[2], s, t)
          : common(object, name);
    };
  }

  /** Messages that every object takes. */
  long common(StandInObject object, String name) {
    switch (name) {
      case "retain" -> object.references++;
      case "release" -> release(object);
      default -> throw new IllegalArgumentException("unrecognized selector sent to " + object.kind);
    }
    return object.id;
  }

  private long named(String kind, String text) {
    StandInObject object = create(kind);
    object.text = text;
    return object.id;
  }

  private long newBuffer(long bytes, long options) {
    if (bytes <= 0 || bytes > maxBuffer || options != 0) {
      throw new IllegalArgumentException("buffer of " + bytes + " bytes with options " + options);
    }
    StandInObject buffer = create("Buffer");
    buffer.arena = Arena.ofShared();
    buffer.memory = buffer.arena.allocate(bytes, 16384).fill((byte) 0xa5); // Metal promises no zeros
    return buffer.id;
  }

  private long newBufferOver(long[] arguments) {
    long bytes = arguments[1];
    if (arguments[0] % PAGE != 0 || bytes % PAGE != 0 || bytes <= 0 || bytes > maxBuffer || arguments[2] != 0 || arguments[3] != 0) {
      throw new IllegalArgumentException("no pages: " + bytes + " bytes at 0x" + Long.toHexString(arguments[0]));
    }
    StandInObject buffer = create("Buffer");
    buffer.memory = MemorySegment.ofAddress(arguments[0]).reinterpret(bytes);
    return buffer.id;
  }

  private long newLibrary(StandInObject data, long error) {
    if (!new String(data.bytes, 0, Math.min(4, data.bytes.length), StandardCharsets.ISO_8859_1).equals("MTLB")) {
      MemorySegment.ofAddress(error).reinterpret(8).set(JAVA_LONG, 0, error("Invalid library file").id);
      return 0;
    }
    return named("Library", BlobManifest.sha256(data.bytes));
  }

  private long newPipeline(String function, long error) {
    if (refusedFunctions.contains(function)) {
      MemorySegment.ofAddress(error).reinterpret(8).set(JAVA_LONG, 0, error("refused by the test").id);
      return 0;
    }
    return named("Pipeline", function);
  }

  private long newFunction(StandInObject library, String name) {
    boolean there = blobs.all().stream().anyMatch(blob -> blob.sha256().equals(library.text) && blob.entries().containsKey(name));
    return there ? named("Function", name) : 0;
  }

  KernelInterface kernel(String symbol) {
    return KernelInterface
        .of(blobs.all().stream().filter(blob -> blob.entries().containsKey(symbol)).findFirst().orElseThrow().entry(symbol));
  }

  Kernels kernels() {
    return kernels;
  }
}
