package io.gllm.kernels.rocm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/** The functions of {@link StandInHsa}, under the names and with the types of the library; pointers, sizes and handles are longs. */
final class StandInFunctions {
  static final int INVALID_ARGUMENT = 0x1001;
  static final int INVALID_ALLOCATION = 0x1003;
  static final int INVALID_AGENT = 0x1004;
  static final int INVALID_SIGNAL = 0x1006;
  static final int INVALID_QUEUE = 0x1007;
  static final int OUT_OF_RESOURCES = 0x1008;
  static final int NOT_INITIALIZED = 0x100B;
  static final int INCOMPATIBLE_ARGUMENTS = 0x100D;
  static final int INVALID_CODE_OBJECT = 0x1010;
  static final int INVALID_EXECUTABLE = 0x1011;
  static final int INVALID_SYMBOL_NAME = 0x1013;
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final long PROCESSOR = 100;
  private static final long GPU = 200;
  private static final long ISA = 300;
  private static final long KERNARG_POOL = 401;
  private static final long FINE_POOL = 402;
  private static final long COARSE_HOST_POOL = 403;
  private static final long DEVICE_POOL = 500;
  private static final long GROUP_POOL = 600;

  private final StandInHsa hsa;
  private final StandInEngines engines;
  private final Arena arena = Arena.ofAuto();
  private final Map<Integer, Long> texts = new HashMap<>();

  /** A reader of a code object. */
  record Reader(byte[] image) {}

  /** A symbol of a frozen executable. */
  record Symbol(Executable executable, CodeObject.Descriptor kernel) {}

  /** An executable; gone when it is destroyed. */
  static final class Executable {
    CodeObject code;
    boolean frozen;
    boolean gone;
  }

  StandInFunctions(StandInHsa hsa) {
    this.hsa = hsa;
    this.engines = new StandInEngines(hsa);
  }

  // ---- start and devices

  public int hsa_init() {
    hsa.users++;
    return 0;
  }

  public int hsa_shut_down() {
    if (hsa.users == 0) {
      return NOT_INITIALIZED;
    }
    if (--hsa.users == 0) {
      hsa.handles.values().removeIf(Symbol.class::isInstance); // they go with their executables
      hsa.clear();
    }
    return 0;
  }

  public int hsa_status_string(int status, long out) {
    return put(out, texts.computeIfAbsent(status, _ -> arena.allocateFrom("words for " + status).address()));
  }

  private boolean stopped() {
    return hsa.users == 0;
  }

  public int hsa_iterate_agents(long callback, long data) {
    int result = iterate(PROCESSOR, hsa.processors, callback, data);
    return result != 0 ? result : iterate(GPU, hsa.gpus, callback, data);
  }

  private int iterate(long first, int count, long callback, long data) {
    if (stopped()) {
      return NOT_INITIALIZED;
    }
    for (long handle = first; handle < first + count; handle++) {
      try {
        int result = (int) Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(callback),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, JAVA_LONG, JAVA_LONG)).invokeExact(handle, data);
        if (result != 0) {
          return result;
        }
      } catch (Throwable t) {
        throw new AssertionError(t);
      }
    }
    return 0;
  }

  private boolean isGpu(long agent) {
    return agent >= GPU && agent < GPU + hsa.gpus;
  }

  private boolean isAgent(long agent) {
    return isGpu(agent) || agent >= PROCESSOR && agent < PROCESSOR + hsa.processors;
  }

  public int hsa_agent_get_info(long agent, int attribute, long out) {
    if (stopped() || !isAgent(agent)) {
      return stopped() ? NOT_INITIALIZED : INVALID_AGENT;
    }
    return switch (attribute) {
      case 14 -> put32(out, hsa.maxPackets);
      case 17 -> put32(out, isGpu(agent) ? 1 : 0);
      case 0xA009 -> text(out, "AMD Test " + (agent - GPU));
      default -> INVALID_ARGUMENT;
    };
  }

  public int hsa_agent_iterate_isas(long agent, long callback, long data) {
    return !isGpu(agent) ? INVALID_AGENT : iterate(ISA, hsa.isas.size(), callback, data);
  }

  public int hsa_isa_get_info_alt(long isa, int attribute, long out) {
    String name = hsa.isas.get((int) (isa - ISA));
    return attribute == 0 ? put32(out, name.length() + 1) : attribute == 1 ? text(out, name) : INVALID_ARGUMENT;
  }

  // ---- memory

  public int hsa_amd_agent_iterate_memory_pools(long agent, long callback, long data) {
    if (!isAgent(agent)) {
      return INVALID_AGENT;
    }
    if (isGpu(agent)) {
      int result = iterate(GROUP_POOL, 1, callback, data);
      return result != 0 ? result : iterate(DEVICE_POOL, 1, callback, data);
    }
    return hsa.sharesMemory ? iterate(KERNARG_POOL, 3, callback, data) : iterate(COARSE_HOST_POOL, 1, callback, data);
  }

  public int hsa_amd_memory_pool_get_info(long pool, int attribute, long out) {
    return switch (attribute) {
      case 0 -> put32(out, pool == GROUP_POOL ? 3 : 0);
      case 1 -> put32(out, pool == KERNARG_POOL ? 3 : pool == FINE_POOL ? 2 : 4);
      case 2 -> put(out, hsa.total);
      case 5 -> put8(out, pool == GROUP_POOL ? 0 : 1);
      default -> INVALID_ARGUMENT;
    };
  }

  public int hsa_amd_memory_pool_allocate(long pool, long bytes, int flags, long out) {
    if (stopped() || bytes == 0 || flags != 0) {
      return stopped() ? NOT_INITIALIZED : INVALID_ARGUMENT;
    }
    if (pool == DEVICE_POOL) {
      if (bytes > hsa.total - hsa.used()) {
        return OUT_OF_RESOURCES;
      }
      long address = hsa.memory.allocate(bytes);
      hsa.device.put(address, bytes);
      return put(out, address);
    }
    if (pool != KERNARG_POOL && pool != FINE_POOL) {
      return INVALID_ARGUMENT;
    }
    Arena own = Arena.ofShared();
    MemorySegment memory = own.allocate(bytes, 4096).fill((byte) -1);
    hsa.host.put(memory.address(), new StandInHsa.HostMemory(own, memory, new boolean[1]));
    return put(out, memory.address());
  }

  public int hsa_amd_agents_allow_access(int count, long agents, long flags, long address) {
    StandInHsa.HostMemory memory = hsa.host.get(address);
    if (count != 1 || flags != 0 || !isGpu(ALL.get(JAVA_LONG, agents))) {
      return INVALID_AGENT;
    }
    if (memory == null) {
      return INVALID_ALLOCATION;
    }
    if (!memory.shared()[0]) {
      memory.shared()[0] = true;
      hsa.memory.map(memory.bytes());
    }
    return 0;
  }

  public int hsa_amd_memory_pool_free(long address) {
    if (hsa.device.remove(address) != null) {
      hsa.memory.free(address);
      return 0;
    }
    StandInHsa.HostMemory memory = hsa.host.remove(address);
    if (memory == null) {
      return INVALID_ALLOCATION;
    }
    if (memory.shared()[0]) {
      hsa.memory.free(address);
    }
    memory.arena().close();
    return 0;
  }

  public int hsa_amd_memory_fill(long address, int value, long words) {
    hsa.memory.segment(address, words * 4).fill((byte) value);
    return address % 4 == 0 && value == 0 ? 0 : INVALID_ARGUMENT;
  }

  public int hsa_amd_memory_async_copy(long to, long toAgent, long from, long fromAgent, long bytes, int count, long dependencies,
      long completion) {
    if (stopped() || !isAgent(toAgent) || !isAgent(fromAgent)) {
      return stopped() ? NOT_INITIALIZED : INVALID_AGENT;
    }
    boolean wrongPlace = isGpu(toAgent) != hsa.device.containsKey(owner(to)) || isGpu(fromAgent) != hsa.device.containsKey(owner(from));
    if (bytes == 0 || count != 1 || wrongPlace) {
      return INVALID_ARGUMENT;
    }
    long after = ALL.get(JAVA_LONG, dependencies);
    if (!engines.isSignal(after) || !engines.isSignal(completion)) {
      return INVALID_SIGNAL;
    }
    engines.copy(to, from, bytes, after, completion);
    return 0;
  }

  private long owner(long address) {
    return hsa.device.keySet().stream().filter(base -> base <= address && address < base + hsa.device.get(base)).findFirst().orElse(0L);
  }

  // ---- signals

  public int hsa_signal_create(long value, int consumers, long agents, long out) {
    return stopped() ? NOT_INITIALIZED : consumers != 0 ? INVALID_ARGUMENT : put(out, hsa.create(new StandInEngines.Signal(value)));
  }

  public int hsa_signal_destroy(long signal) {
    if (!engines.isSignal(signal)) {
      return INVALID_SIGNAL;
    }
    engines.forget(signal);
    hsa.handles.remove(signal);
    return 0;
  }

  public void hsa_signal_store_screlease(long signal, long value) {
    engines.store(signal, value);
  }

  public long hsa_signal_wait_scacquire(long signal, int condition, long limit, long timeout, int state) {
    if (condition != 2 || limit != 1) {
      throw new IllegalArgumentException("a wait for condition " + condition + " with " + limit);
    }
    return engines.await(signal);
  }

  // ---- queues

  public int hsa_queue_create(long agent, int packets, int type, long callback, long data, int privateBytes, int groupBytes, long out) {
    if (stopped() || !isGpu(agent)) {
      return stopped() ? NOT_INITIALIZED : INVALID_AGENT;
    }
    boolean valid = Integer.bitCount(packets) == 1 && packets <= hsa.maxPackets && type == 0 && privateBytes == -1 && groupBytes == -1;
    return valid ? put(out, engines.createQueue(packets, callback, data)) : INVALID_ARGUMENT;
  }

  public int hsa_queue_destroy(long queue) {
    return engines.destroyQueue(queue) ? 0 : INVALID_QUEUE;
  }

  public long hsa_queue_add_write_index_relaxed(long queue, long count) {
    return engines.addWriteIndex(queue, count);
  }

  public long hsa_queue_load_read_index_scacquire(long queue) {
    return engines.readIndex(queue);
  }

  // ---- code

  public int hsa_code_object_reader_create_from_memory(long image, long bytes, long out) {
    return stopped() ? NOT_INITIALIZED : put(out, hsa.create(new Reader(ALL.asSlice(image, bytes).toArray(JAVA_BYTE))));
  }

  public int hsa_code_object_reader_destroy(long reader) {
    return hsa.get(reader, Reader.class) == null || hsa.handles.remove(reader) == null ? INVALID_ARGUMENT : 0;
  }

  public int hsa_executable_create_alt(int profile, int rounding, long options, long out) {
    boolean valid = profile == 1 && rounding == 0 && options == 0;
    return stopped() ? NOT_INITIALIZED : valid ? put(out, hsa.create(new Executable())) : INVALID_ARGUMENT;
  }

  public int hsa_executable_load_agent_code_object(long handle, long agent, long readerHandle, long options, long loaded) {
    Executable executable = hsa.get(handle, Executable.class);
    Reader reader = hsa.get(readerHandle, Reader.class);
    if (executable == null || reader == null || executable.frozen) {
      return executable == null || reader != null ? INVALID_EXECUTABLE : INVALID_ARGUMENT;
    }
    CodeObject code = CodeObject.parse(reader.image());
    if (!isGpu(agent) || code == null || code.abi() != 3) {
      return isGpu(agent) ? INVALID_CODE_OBJECT : INVALID_AGENT;
    }
    executable.code = code;
    return code.machine() == hsa.machine ? 0 : INCOMPATIBLE_ARGUMENTS;
  }

  public int hsa_executable_freeze(long handle, long options) {
    Executable executable = hsa.get(handle, Executable.class);
    if (executable == null || executable.frozen || executable.code == null) {
      return INVALID_EXECUTABLE;
    }
    executable.frozen = true;
    return 0;
  }

  public int hsa_executable_destroy(long handle) {
    Executable executable = hsa.get(handle, Executable.class);
    if (executable == null) {
      return INVALID_EXECUTABLE;
    }
    executable.gone = true;
    hsa.handles.values().removeIf(object -> object instanceof Symbol symbol && symbol.executable() == executable);
    hsa.handles.remove(handle);
    return 0;
  }

  public int hsa_executable_get_symbol_by_name(long handle, long name, long agents, long out) {
    Executable executable = hsa.get(handle, Executable.class);
    if (executable == null || !executable.frozen) {
      return INVALID_EXECUTABLE;
    }
    CodeObject.Descriptor kernel = executable.code.kernels().get(ALL.getString(name));
    return !isGpu(ALL.get(JAVA_LONG, agents))
        ? INVALID_AGENT
        : kernel == null ? INVALID_SYMBOL_NAME : put(out, hsa.create(new Symbol(executable, kernel)));
  }

  public int hsa_executable_symbol_get_info(long handle, int attribute, long out) {
    Symbol symbol = hsa.get(handle, Symbol.class);
    if (symbol == null) {
      return INVALID_ARGUMENT;
    }
    return switch (attribute) {
      case 11 -> put32(out, symbol.kernel().arguments());
      case 13 -> put32(out, symbol.kernel().group());
      case 14 -> put32(out, symbol.kernel().privat());
      case 22 -> put(out, handle);
      default -> INVALID_ARGUMENT;
    };
  }

  private static int put(long at, long value) {
    ALL.set(JAVA_LONG_UNALIGNED, at, value);
    return 0;
  }

  private static int put32(long at, int value) {
    ALL.set(JAVA_INT_UNALIGNED, at, value);
    return 0;
  }

  private static int put8(long at, int value) {
    ALL.set(JAVA_BYTE, at, (byte) value);
    return 0;
  }

  private static int text(long at, String text) {
    ALL.setString(at, text);
    return 0;
  }
}
