package io.gllm.kernels.cuda;

import static io.gllm.kernels.cuda.StandInResult.*;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.gllm.kernels.cuda.ptx.DeviceMemoryMap;
import io.gllm.kernels.cuda.ptx.PtxEntry;
import io.gllm.kernels.cuda.ptx.PtxFault;
import io.gllm.kernels.cuda.ptx.PtxLaunch;
import io.gllm.kernels.cuda.ptx.PtxModule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A CUDA driver with one GPU, in Java: the functions that the backend calls, under the names and with the types of the library,
 * pointers and sizes as longs. It refuses what a real driver refuses, with the same results; where a real driver would do something
 * undefined it fails the test. Streams are as late as they may be, new memory is poisoned, kernels run in the PTX interpreter. Calls
 * come one at a time.
 */
final class StandInDriver extends StandInStreams {
  private record Function(PtxEntry entry) {}
  private record Module(PtxModule module) {}
  private record HostMemory(Arena arena, long bytes) {}

  /** Set before the device is opened: compute capability, CUDA version, PTX version, memory, and whether there are pools. */
  int sm = 110;
  int version = 12080;
  double ptx = 8.7;
  long total = 1L << 30;
  boolean pools = true;

  /** Calls so far, by name; what was left when the context was destroyed. */
  final List<String> log = new ArrayList<>();
  final List<String> leaks = new ArrayList<>();

  private final Arena arena = Arena.ofShared();
  private final Map<Integer, Long> texts = new HashMap<>();
  private final Map<Long, Long> sizes = new HashMap<>();
  private final Map<Long, HostMemory> pinned = new TreeMap<>();
  private DeviceMemoryMap memory = new DeviceMemoryMap();
  private int retained;
  private int failAt = -1;
  private int failWith;
  private String failed;

  // ---- for tests

  /** Makes call number {@code number} fail, counted from 0 over all calls but those that explain results. */
  void failCall(int number, int result) {
    failAt = number;
    failWith = result;
  }

  /** The function whose call was made to fail, or null. */
  String failedCall() {
    return failed;
  }

  /** Bytes of device memory that are allocated. */
  long used() {
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Whether the context is destroyed, as after the last release. */
  boolean isIdle() {
    return retained == 0 && pinned.isEmpty() && sizes.isEmpty() && handles.isEmpty();
  }

  /** Called before each function; a result other than 0 replaces the call. */
  int before(String function) {
    if (function.startsWith("cuGetError")) {
      return 0;
    }
    log.add(function);
    if (log.size() - 1 == failAt) {
      failed = function;
      return failWith;
    }
    return 0;
  }

  // ---- start and devices

  public int cuInit(int flags) {
    started = flags == 0;
    return started ? 0 : INVALID_VALUE;
  }

  public int cuDriverGetVersion(long out) {
    return putInt(out, version);
  }

  public int cuDeviceGetCount(long out) {
    return started ? putInt(out, 1) : NOT_INITIALIZED;
  }

  public int cuDeviceGet(long out, int ordinal) {
    return !started ? NOT_INITIALIZED : ordinal != 0 ? INVALID_DEVICE : putInt(out, 0);
  }

  public int cuDeviceGetName(long out, int bytes, int device) {
    byte[] name = "Stand-in GPU\0".getBytes();
    MemorySegment.copy(name, 0, ALL, JAVA_BYTE, out, Math.min(bytes, name.length));
    return device == 0 ? 0 : INVALID_DEVICE;
  }

  public int cuDeviceGetAttribute(long out, int attribute, int device) {
    return device != 0 ? INVALID_DEVICE : putInt(out, switch (attribute) {
      case 20 -> 0;
      case 75 -> sm / 10;
      case 76 -> sm % 10;
      case 115 -> pools ? 1 : 0;
      default -> throw new IllegalArgumentException("attribute " + attribute);
    });
  }

  public int cuDeviceTotalMem_v2(long out, int device) {
    return device != 0 ? INVALID_DEVICE : putLong(out, total);
  }

  public int cuGetErrorName(int result, long out) {
    if (!StandInResult.NAMES.containsKey(result)) {
      return INVALID_VALUE;
    }
    return putLong(out, texts.computeIfAbsent(result, _ -> arena.allocateFrom(StandInResult.NAMES.get(result)).address()));
  }

  public int cuGetErrorString(int result, long out) {
    return cuGetErrorName(result, out);
  }

  // ---- context

  public int cuDevicePrimaryCtxRetain(long out, int device) {
    if (!started || device != 0) {
      return started ? INVALID_DEVICE : NOT_INITIALIZED;
    }
    if (retained++ == 0) {
      context = nextHandle += 16;
    }
    return putLong(out, context);
  }

  public int cuDevicePrimaryCtxRelease_v2(int device) {
    if (device != 0 || retained == 0) {
      return device != 0 ? INVALID_DEVICE : INVALID_CONTEXT;
    }
    if (--retained == 0) {
      destroyContext();
    }
    return 0;
  }

  private void destroyContext() {
    handles.values().forEach(left -> leaks.add(left.getClass().getSimpleName()));
    handles.clear();
    sizes.values().forEach(bytes -> leaks.add(bytes + " bytes of device memory"));
    sizes.clear();
    pinned.forEach((_, host) -> {
      leaks.add(host.bytes + " bytes of pinned memory");
      host.arena.close();
    });
    pinned.clear();
    memory = new DeviceMemoryMap();
    context = 0;
    sticky = 0;
  }

  public int cuCtxSetCurrent(long wanted) {
    if (wanted != 0 && wanted != context) {
      return INVALID_CONTEXT;
    }
    currents.put(Thread.currentThread(), wanted);
    return 0;
  }

  // ---- memory

  public int cuMemGetInfo_v2(long free, long all) {
    if (refusal() != 0) {
      return refusal();
    }
    putLong(free, total - used());
    return putLong(all, total);
  }

  public int cuMemAlloc_v2(long out, long bytes) {
    if (refusal() != 0 || bytes <= 0) {
      return refusal() != 0 ? refusal() : INVALID_VALUE;
    }
    if (bytes > total - used()) {
      return OUT_OF_MEMORY;
    }
    long address = memory.allocate(bytes);
    sizes.put(address, bytes);
    return putLong(out, address);
  }

  public int cuMemFree_v2(long address) {
    if (refusal() != 0 || !sizes.containsKey(address)) {
      return refusal() != 0 ? refusal() : INVALID_VALUE;
    }
    handles.values().forEach(object -> {
      if (object instanceof StandInStream stream) {
        stream.run();
      }
    });
    if (sticky == 0) {
      sizes.remove(address);
      memory.free(address);
    }
    return sticky;
  }

  public int cuMemAllocAsync(long out, long bytes, long streamHandle) {
    if (!pools) {
      throw new IllegalStateException("cuMemAllocAsync on a device without pools");
    }
    return refusal() == 0 && get(streamHandle, StandInStream.class) == null ? INVALID_HANDLE : cuMemAlloc_v2(out, bytes);
  }

  /** Runs its stream at once: a free that does not wait for the other streams takes the memory away before their work has run. */
  public int cuMemFreeAsync(long address, long streamHandle) {
    StandInStream stream = get(streamHandle, StandInStream.class);
    if (refusal() != 0 || stream == null || !sizes.containsKey(address)) {
      return refusal() != 0 ? refusal() : stream == null ? INVALID_HANDLE : INVALID_VALUE;
    }
    stream.add(() -> {
      sizes.remove(address);
      memory.free(address);
    });
    stream.run();
    return 0;
  }

  public int cuMemHostAlloc(long out, long bytes, int flags) {
    if (refusal() != 0 || bytes <= 0 || (flags & ~7) != 0) {
      return refusal() != 0 ? refusal() : INVALID_VALUE;
    }
    Arena own = Arena.ofShared();
    MemorySegment segment = own.allocate(bytes, 4096).fill((byte) 0xcd);
    pinned.put(segment.address(), new HostMemory(own, bytes));
    if ((flags & 2) != 0) {
      memory.map(segment);
    }
    return putLong(out, segment.address());
  }

  public int cuMemHostGetDevicePointer_v2(long out, long host, int flags) {
    boolean known = pinned.containsKey(host) && flags == 0;
    return refusal() != 0 ? refusal() : known ? putLong(out, host) : INVALID_VALUE;
  }

  public int cuMemFreeHost(long host) {
    if (refusal() != 0 || !pinned.containsKey(host)) {
      return refusal() != 0 ? refusal() : INVALID_VALUE;
    }
    memory.free(host);
    pinned.remove(host).arena.close();
    return 0;
  }

  private boolean isPinned(long address, long bytes) {
    return pinned.entrySet().stream().anyMatch(e -> address >= e.getKey() && address + bytes <= e.getKey() + e.getValue().bytes);
  }

  private boolean isDevice(long address, long bytes) {
    try {
      memory.segment(address, bytes);
      return !isPinned(address, bytes);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  public int cuMemsetD8Async(long address, byte value, long bytes, long streamHandle) {
    return enqueue(streamHandle, isDevice(address, bytes), () -> memory.segment(address, bytes).fill(value));
  }

  public int cuMemcpyHtoDAsync_v2(long to, long from, long bytes, long streamHandle) {
    requirePinned(from, bytes);
    return enqueue(streamHandle, isDevice(to, bytes), () -> memory.segment(to, bytes).copyFrom(requirePinned(from, bytes)));
  }

  public int cuMemcpyDtoHAsync_v2(long to, long from, long bytes, long streamHandle) {
    requirePinned(to, bytes);
    return enqueue(streamHandle, isDevice(from, bytes), () -> requirePinned(to, bytes).copyFrom(memory.segment(from, bytes)));
  }

  public int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, long streamHandle) {
    return enqueue(streamHandle, isDevice(to, bytes) && isDevice(from, bytes),
        () -> memory.segment(to, bytes).copyFrom(memory.segment(from, bytes)));
  }

  /** A real driver takes other memory too, and then makes the caller wait. */
  private MemorySegment requirePinned(long address, long bytes) {
    if (!isPinned(address, bytes)) {
      throw new IllegalArgumentException("a copy of " + bytes + " bytes leaves pinned memory");
    }
    return ALL.asSlice(address, bytes);
  }

  // ---- code

  public int cuModuleLoadDataEx(long out, long image, int options, long names, long values) {
    if (refusal() != 0 || options != 0) {
      return refusal() != 0 ? refusal() : INVALID_VALUE;
    }
    System.gc(); // hangs if the caller keeps the collector from running meanwhile
    if (ALL.get(JAVA_BYTE, image) == 0x7f) {
      return StandInImage.cubin(ALL.asSlice(image, 64), sm);
    }
    PtxModule module;
    try {
      module = PtxModule.parse(ALL.getString(image));
    } catch (PtxFault e) {
      return INVALID_PTX;
    }
    if (Double.parseDouble(module.version()) > ptx) {
      return UNSUPPORTED_PTX_VERSION;
    }
    return module.target() > sm ? NO_BINARY_FOR_GPU : create(out, new Module(module));
  }

  public int cuModuleGetFunction(long out, long handle, long name) {
    Module module = get(handle, Module.class);
    if (refusal() != 0 || module == null) {
      return refusal() != 0 ? refusal() : INVALID_HANDLE;
    }
    String symbol = ALL.getString(name);
    return module.module.names().contains(symbol) ? create(out, new Function(module.module.entry(symbol))) : NOT_FOUND;
  }

  public int cuModuleUnload(long handle) {
    Module module = get(handle, Module.class);
    if (refusal() != 0 || module == null) {
      return refusal() != 0 ? refusal() : INVALID_HANDLE;
    }
    handles.values().removeIf(object -> object instanceof Function function
        && module.module.names().contains(function.entry.name()) && module.module.entry(function.entry.name()) == function.entry);
    return remove(handle);
  }

  public int cuLaunchKernel(long handle, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int shared,
      long streamHandle, long parameters, long extra) {
    Function function = get(handle, Function.class);
    if (refusal() != 0 || function == null) {
      return refusal() != 0 ? refusal() : INVALID_HANDLE;
    }
    PtxEntry entry = function.entry;
    boolean valid = gridX > 0 && gridY > 0 && gridZ > 0 && gridY <= 65535 && gridZ <= 65535 && shared == 0 && extra == 0
        && (long) blockX * blockY * blockZ <= entry.maxThreads();
    if (!valid) {
      return INVALID_VALUE;
    }
    MemorySegment block = StandInImage.parameters(entry, ALL, parameters);
    return enqueue(streamHandle, true,
        () -> PtxLaunch.run(entry, gridX, gridY, gridZ, blockX, blockY, blockZ, block, memory));
  }
}
