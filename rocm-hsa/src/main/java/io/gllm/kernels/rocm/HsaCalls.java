package io.gllm.kernels.rocm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.DeviceLostException;
import io.gllm.kernels.api.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Every call of the HSA runtime, with its result turned into an exception. After a result that ends all work the device is lost: every
 * later call but those that free says so without asking the runtime.
 */
final class HsaCalls {
  /** Memory at its address. */
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  static final int OUT_OF_RESOURCES = 0x1008;
  private static final int MAX_WORDS_BYTES = 1024;
  private static final int MAX_TEXT_BYTES = 4096;
  private static final int LESS = 2; // the condition of a wait
  private static final int NO_SIZE = -1; // the queue needs no private or group segment of a given size
  private static final int FULL_PROFILE = 1;
  // Results after which nothing works: memory aperture violation, illegal instruction, memory fault, not initialised, exception.
  private static final Set<Integer> STICKY = Set.of(41, 42, 43, 0x100B, 0x1016);

  private final MethodHandle init;
  private final MethodHandle shutDown;
  private final MethodHandle iterateAgents;
  private final MethodHandle agentInfo;
  private final MethodHandle iterateIsas;
  private final MethodHandle isaInfo;
  private final MethodHandle iteratePools;
  private final MethodHandle poolInfo;
  private final MethodHandle allocate;
  private final MethodHandle free;
  private final MethodHandle allowAccess;
  private final MethodHandle fill;
  private final MethodHandle copy;
  private final MethodHandle createQueue;
  private final MethodHandle destroyQueue;
  private final MethodHandle addWriteIndex;
  private final MethodHandle readIndex;
  private final MethodHandle createSignal;
  private final MethodHandle destroySignal;
  private final MethodHandle store;
  private final MethodHandle await;
  private final MethodHandle createReader;
  private final MethodHandle destroyReader;
  private final MethodHandle createExecutable;
  private final MethodHandle load;
  private final MethodHandle freeze;
  private final MethodHandle destroyExecutable;
  private final MethodHandle symbol;
  private final MethodHandle symbolInfo;
  private final MethodHandle words;

  private volatile String lost;

  HsaCalls(HsaLibrary library) {
    init = library.function("hsa_init");
    shutDown = library.function("hsa_shut_down");
    iterateAgents = library.function("hsa_iterate_agents");
    agentInfo = library.function("hsa_agent_get_info");
    iterateIsas = library.function("hsa_agent_iterate_isas");
    isaInfo = library.function("hsa_isa_get_info_alt");
    iteratePools = library.function("hsa_amd_agent_iterate_memory_pools");
    poolInfo = library.function("hsa_amd_memory_pool_get_info");
    allocate = library.function("hsa_amd_memory_pool_allocate");
    free = library.function("hsa_amd_memory_pool_free");
    allowAccess = library.function("hsa_amd_agents_allow_access");
    fill = library.function("hsa_amd_memory_fill");
    copy = library.function("hsa_amd_memory_async_copy");
    createQueue = library.function("hsa_queue_create");
    destroyQueue = library.function("hsa_queue_destroy");
    addWriteIndex = library.function("hsa_queue_add_write_index_relaxed");
    readIndex = library.function("hsa_queue_load_read_index_scacquire");
    createSignal = library.function("hsa_signal_create");
    destroySignal = library.function("hsa_signal_destroy");
    store = library.function("hsa_signal_store_screlease");
    await = library.function("hsa_signal_wait_scacquire");
    createReader = library.function("hsa_code_object_reader_create_from_memory");
    destroyReader = library.function("hsa_code_object_reader_destroy");
    createExecutable = library.function("hsa_executable_create_alt");
    load = library.function("hsa_executable_load_agent_code_object");
    freeze = library.function("hsa_executable_freeze");
    destroyExecutable = library.function("hsa_executable_destroy");
    symbol = library.function("hsa_executable_get_symbol_by_name");
    symbolInfo = library.function("hsa_executable_symbol_get_info");
    words = library.words();
  }

  // ---- results

  /** Throws if the device is lost. */
  void requireAlive() {
    if (lost != null) {
      throw new DeviceLostException(lost);
    }
  }

  /** Whether the device is lost. */
  boolean isLost() {
    return lost != null;
  }

  /** Notes that the device is lost, and gives the exception. */
  DeviceLostException lose(String why) {
    if (lost == null) {
      lost = why + "; the device is lost, close it and open it again";
    }
    return new DeviceLostException(lost);
  }

  private void check(String function, int result) {
    if (result != 0) {
      String text = function + " answered " + explain(result);
      throw STICKY.contains(result) ? lose(text) : new KernelException(text);
    }
  }

  /** The code and, if the runtime has them, its own words. */
  String explain(int result) {
    String code = "0x" + Integer.toHexString(result);
    if (words == null) {
      return code;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      boolean known = (int) words.invokeExact(result, out.address()) == 0 && out.get(JAVA_LONG, 0) != 0;
      return known ? code + ": " + MEMORY.asSlice(out.get(JAVA_LONG, 0), MAX_WORDS_BYTES).getString(0) : code;
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** A downcall throws only if its arguments do not match its descriptor. */
  private static AssertionError impossible(Throwable t) {
    return new AssertionError(t);
  }

  private interface Call {
    int run() throws Throwable;
  }

  /** A call that writes its answer to an address, or hands out its answers through it. */
  private interface Answer {
    int run(long address) throws Throwable;
  }

  private static int result(Call call) {
    try {
      return call.run();
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  private void checked(String function, Call call) {
    check(function, result(call));
  }

  private long answer(String function, Answer call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG); // zeros, for answers of fewer bytes
      checked(function, () -> call.run(out.address()));
      return out.get(JAVA_LONG, 0);
    }
  }

  // ---- the runtime

  /** Starts the runtime, or adds a user; gives the result. */
  int init() {
    return result(() -> (int) init.invokeExact());
  }

  void start() {
    check("hsa_init", init());
  }

  void stop() {
    checked("hsa_shut_down", () -> (int) shutDown.invokeExact());
  }

  // ---- what there is

  List<Long> agents() {
    return handles("hsa_iterate_agents", callback -> (int) iterateAgents.invokeExact(callback, 0L));
  }

  List<Long> isas(long agent) {
    return handles("hsa_agent_iterate_isas", callback -> (int) iterateIsas.invokeExact(agent, callback, 0L));
  }

  List<Long> pools(long agent) {
    return handles("hsa_amd_agent_iterate_memory_pools", callback -> (int) iteratePools.invokeExact(agent, callback, 0L));
  }

  private List<Long> handles(String function, Answer iteration) {
    List<Long> found = new ArrayList<>();
    MethodHandle add = HsaLibrary
        .method(MethodHandles.lookup(), "add", MethodType.methodType(int.class, List.class, long.class, long.class))
        .bindTo(found);
    try (Arena arena = Arena.ofConfined()) {
      long callback = HsaLibrary.callback(add, "ill", arena);
      checked(function, () -> iteration.run(callback));
    }
    return found;
  }

  private static int add(List<Long> found, long handle, long data) {
    found.add(handle);
    return 0;
  }

  long agentNumber(long agent, int attribute) {
    return answer("hsa_agent_get_info", out -> (int) agentInfo.invokeExact(agent, attribute, out));
  }

  /** An attribute of at most 64 characters. */
  String agentText(long agent, int attribute) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(65); // a name of full length has no zero byte of its own
      checked("hsa_agent_get_info", () -> (int) agentInfo.invokeExact(agent, attribute, text.address()));
      return text.getString(0, StandardCharsets.US_ASCII).strip();
    }
  }

  String isaName(long isa) {
    long length = answer("hsa_isa_get_info_alt", out -> (int) isaInfo.invokeExact(isa, 0, out));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(Math.clamp(length, 0, MAX_TEXT_BYTES) + 1L);
      checked("hsa_isa_get_info_alt", () -> (int) isaInfo.invokeExact(isa, 1, text.address()));
      return text.getString(0, StandardCharsets.US_ASCII);
    }
  }

  long poolNumber(long pool, int attribute) {
    return answer("hsa_amd_memory_pool_get_info", out -> (int) poolInfo.invokeExact(pool, attribute, out));
  }

  // ---- memory

  /** Memory of a pool; 0 if there is not enough. */
  long allocate(long pool, long bytes) {
    requireAlive();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      int result = result(() -> (int) allocate.invokeExact(pool, bytes, 0, out.address()));
      if (result == OUT_OF_RESOURCES) {
        return 0;
      }
      check("hsa_amd_memory_pool_allocate", result);
      return out.get(JAVA_LONG, 0);
    }
  }

  void free(long address) {
    checked("hsa_amd_memory_pool_free", () -> (int) free.invokeExact(address));
  }

  /** Lets a GPU use host memory. */
  void allowAccess(long agent, long address) {
    requireAlive();
    try (Arena arena = Arena.ofConfined()) {
      long agents = arena.allocateFrom(JAVA_LONG, agent).address();
      checked("hsa_amd_agents_allow_access", () -> (int) allowAccess.invokeExact(1, agents, 0L, address));
    }
  }

  /** Fills whole words with zeros, and returns when that is done. */
  void zero(long address, long bytes) {
    requireAlive();
    checked("hsa_amd_memory_fill", () -> (int) fill.invokeExact(address, 0, bytes / Integer.BYTES));
  }

  /** Starts a copy when the signal at address {@code after} is 0; when it is done, it takes 1 from {@code completion}. */
  void copy(long to, long toAgent, long from, long fromAgent, long bytes, long after, long completion) {
    requireAlive();
    checked("hsa_amd_memory_async_copy", () -> (int) copy.invokeExact(to, toAgent, from, fromAgent, bytes, 1, after, completion));
  }

  // ---- signals

  long createSignal(long value) {
    requireAlive();
    return answer("hsa_signal_create", out -> (int) createSignal.invokeExact(value, 0, 0L, out));
  }

  void destroySignal(long signal) {
    checked("hsa_signal_destroy", () -> (int) destroySignal.invokeExact(signal));
  }

  /** Allocates nothing. */
  void store(long signal, long value) {
    try {
      store.invokeExact(signal, value);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** Waits until a signal is below 1, for about {@code ticks}; gives its value. */
  long await(long signal, long ticks, int state) {
    try {
      return (long) await.invokeExact(signal, LESS, 1L, ticks, state);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  // ---- queues

  /** A queue whose errors go to {@code callback} with {@code data}; gives the address of its struct. */
  long createQueue(long agent, int packets, long callback, long data) {
    requireAlive();
    return answer("hsa_queue_create",
        out -> (int) createQueue.invokeExact(agent, packets, 0, callback, data, NO_SIZE, NO_SIZE, out));
  }

  void destroyQueue(long queue) {
    checked("hsa_queue_destroy", () -> (int) destroyQueue.invokeExact(queue));
  }

  /** Takes the next {@code packets} packets of a queue; returns the first. Allocates nothing. */
  long addWriteIndex(long queue, long packets) {
    try {
      return (long) addWriteIndex.invokeExact(queue, packets);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  long readIndex(long queue) {
    try {
      return (long) readIndex.invokeExact(queue);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  // ---- code

  /** An executable with the code object in {@code image}, which stays where it is as long as the executable. */
  long load(long agent, MemorySegment image) {
    requireAlive();
    long reader = answer("hsa_code_object_reader_create_from_memory",
        out -> (int) createReader.invokeExact(image.address(), image.byteSize(), out));
    long executable;
    try {
      executable = executable(agent, reader);
    } catch (KernelException e) {
      new Closing(this).step(() -> destroyReader(reader));
      throw e;
    }
    try {
      destroyReader(reader);
      return executable;
    } catch (KernelException e) {
      new Closing(this).step(() -> destroyExecutable(executable));
      throw e;
    }
  }

  private long executable(long agent, long reader) {
    long executable = answer("hsa_executable_create_alt", out -> (int) createExecutable.invokeExact(FULL_PROFILE, 0, 0L, out));
    try {
      checked("hsa_executable_load_agent_code_object", () -> (int) load.invokeExact(executable, agent, reader, 0L, 0L));
      checked("hsa_executable_freeze", () -> (int) freeze.invokeExact(executable, 0L));
      return executable;
    } catch (KernelException e) {
      new Closing(this).step(() -> destroyExecutable(executable));
      throw e;
    }
  }

  private void destroyReader(long reader) {
    checked("hsa_code_object_reader_destroy", () -> (int) destroyReader.invokeExact(reader));
  }

  void destroyExecutable(long executable) {
    checked("hsa_executable_destroy", () -> (int) destroyExecutable.invokeExact(executable));
  }

  long symbol(long executable, String name, long agent) {
    requireAlive();
    try (Arena arena = Arena.ofConfined()) {
      long text = arena.allocateFrom(name).address();
      long agents = arena.allocateFrom(JAVA_LONG, agent).address();
      return answer("hsa_executable_get_symbol_by_name for " + name, out -> (int) symbol.invokeExact(executable, text, agents, out));
    }
  }

  long symbolNumber(long symbol, int attribute) {
    return answer("hsa_executable_symbol_get_info", out -> (int) symbolInfo.invokeExact(symbol, attribute, out));
  }
}
