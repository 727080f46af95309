package io.gllm.kernels.cuda;

import io.gllm.kernels.api.DeviceLostException;
import io.gllm.kernels.api.KernelException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * Every call of the driver that a device and its queues make, with its result turned into an exception. After a result that
 * ends the context the device is lost: every later call but those that free says so without asking the driver.
 */
final class CudaCalls {
  /** The functions of the driver library behind these calls. */
  static final List<String> FUNCTIONS = List.of("cuInit", "cuDeviceGet", "cuDeviceGetAttribute", "cuDevicePrimaryCtxRetain",
      "cuDevicePrimaryCtxRelease_v2", "cuCtxSetCurrent", "cuStreamCreate", "cuStreamSynchronize", "cuStreamWaitEvent", "cuStreamDestroy_v2",
      "cuEventCreate", "cuEventRecord", "cuEventSynchronize", "cuEventDestroy_v2", "cuMemGetInfo_v2", "cuMemAlloc_v2", "cuMemFree_v2",
      "cuMemHostAlloc", "cuMemHostGetDevicePointer_v2", "cuMemFreeHost", "cuMemsetD8Async", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2",
      "cuMemcpyDtoDAsync_v2", "cuModuleLoadDataEx", "cuModuleGetFunction", "cuModuleUnload", "cuLaunchKernel", "cuGetErrorName",
      "cuGetErrorString");
  /** Functions for memory from the driver's pool, since CUDA 11.2. */
  static final List<String> POOL_FUNCTIONS = List.of("cuMemAllocAsync", "cuMemFreeAsync");
  /** Functions for recordings as graphs, since CUDA 11.4. */
  static final List<String> GRAPH_FUNCTIONS = List.of("cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags",
      "cuGraphLaunch", "cuGraphExecDestroy", "cuGraphDestroy");

  static final int OUT_OF_MEMORY = 2;
  private static final int MEMORY_POOLS_SUPPORTED = 115;
  private static final int MEMHOSTALLOC_DEVICEMAP = 2;
  private static final int STREAM_NON_BLOCKING = 1;
  /** The capturing thread may go on to allocate memory, which happens on another stream and is no part of the graph. */
  private static final int CAPTURE_RELAXED = 2;
  private static final int EVENT_DISABLE_TIMING = 2;
  // Results after which a context answers every call with the same: deinitialised, device gone, uncorrectable errors of memory and
  // links, faults of kernels (illegal address, timeout, destroyed, assert, 714..719), unknown.
  private static final Set<Integer> STICKY = Set.of(4, 46, 201, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 999);

  private volatile String lost;

  /** A device pointer with a value, which JCuda hides. */
  static final class Address extends CUdeviceptr {
    Address() {}

    Address(long value) {
      super(new CUdeviceptr(), value);
    }

    long value() {
      return getNativePointer() + getByteOffset();
    }
  }

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

  private void check(String function, int result) {
    if (result != 0) {
      throw failure(function, result);
    }
  }

  private KernelException failure(String function, int result) {
    String text = function + " failed: " + explain(result);
    if (STICKY.contains(result)) {
      lost = text + "; the device is lost, close it and open it again";
      return new DeviceLostException(lost);
    }
    return new KernelException(text);
  }

  private static String explain(int result) {
    String[] name = new String[1];
    String[] words = new String[1];
    JCudaDriver.cuGetErrorName(result, name);
    JCudaDriver.cuGetErrorString(result, words);
    return result + (name[0] == null ? "" : " (" + name[0] + ")") + (words[0] == null ? "" : ": " + words[0]);
  }

  // ---- device and context

  CUdevice device(int ordinal) {
    check("cuInit", JCudaDriver.cuInit(0));
    CUdevice device = new CUdevice();
    check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal));
    return device;
  }

  boolean hasPools(CUdevice device) {
    int[] answer = new int[1];
    check("cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(answer, MEMORY_POOLS_SUPPORTED, device));
    return answer[0] != 0;
  }

  CUcontext retain(CUdevice device) {
    CUcontext context = new CUcontext();
    check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    return context;
  }

  void release(CUdevice device) {
    check("cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(device));
  }

  void makeCurrent(CUcontext context) {
    check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context));
  }

  // ---- streams and events

  CUstream createStream() {
    requireAlive();
    CUstream stream = new CUstream();
    check("cuStreamCreate", JCudaDriver.cuStreamCreate(stream, STREAM_NON_BLOCKING));
    return stream;
  }

  void synchronize(CUstream stream) {
    requireAlive();
    check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream));
  }

  /** Waits even if the device counts as lost: what follows frees memory that work may still use. */
  void finish(CUstream stream) {
    check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream));
  }

  /** Makes what is launched on {@code stream} from now on wait for {@code event}. */
  void await(CUstream stream, CUevent event) {
    requireAlive();
    check("cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent(stream, event, 0));
  }

  void destroy(CUstream stream) {
    check("cuStreamDestroy", JCudaDriver.cuStreamDestroy(stream));
  }

  CUevent createEvent() {
    requireAlive();
    CUevent event = new CUevent();
    check("cuEventCreate", JCudaDriver.cuEventCreate(event, EVENT_DISABLE_TIMING));
    return event;
  }

  void record(CUevent event, CUstream stream) {
    requireAlive();
    check("cuEventRecord", JCudaDriver.cuEventRecord(event, stream));
  }

  void synchronize(CUevent event) {
    requireAlive();
    check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(event));
  }

  void destroy(CUevent event) {
    check("cuEventDestroy", JCudaDriver.cuEventDestroy(event));
  }

  // ---- memory

  /** Device memory, from the pool if {@code stream} is not null; null if there is not enough. */
  Address allocate(long bytes, CUstream stream) {
    requireAlive();
    Address address = new Address();
    int result = stream == null ? JCudaDriver.cuMemAlloc(address, bytes) : JCudaDriver.cuMemAllocAsync(address, bytes, stream);
    if (result == OUT_OF_MEMORY) {
      return null;
    }
    check(stream == null ? "cuMemAlloc" : "cuMemAllocAsync", result);
    return address;
  }

  /** Frees what {@link #allocate} gave for the same {@code stream}: in the order of the stream, or at once after all work if null. */
  void free(Address address, CUstream stream) {
    if (stream == null) {
      check("cuMemFree", JCudaDriver.cuMemFree(address));
    } else {
      check("cuMemFreeAsync", JCudaDriver.cuMemFreeAsync(address, stream));
    }
  }

  /** Bytes free and in total, -1 each if the driver does not tell. */
  long[] memoryInfo() {
    long[] free = {-1};
    long[] total = {-1};
    JCudaDriver.cuMemGetInfo(free, total);
    return new long[]{free[0], total[0]};
  }

  /** Pinned host memory that kernels can write, with a buffer in it. */
  Pointer allocateHost(long bytes) {
    requireAlive();
    Pointer pointer = new Pointer();
    check("cuMemHostAlloc", JCudaDriver.cuMemHostAlloc(pointer, bytes, MEMHOSTALLOC_DEVICEMAP));
    return pointer;
  }

  /** Where kernels see pinned host memory. */
  long deviceAddress(Pointer host) {
    requireAlive();
    Address address = new Address();
    check("cuMemHostGetDevicePointer", JCudaDriver.cuMemHostGetDevicePointer(address, host, 0));
    return address.value();
  }

  void freeHost(Pointer host) {
    check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(host));
  }

  void zero(long address, long bytes, CUstream stream) {
    requireAlive();
    check("cuMemsetD8Async", JCudaDriver.cuMemsetD8Async(new Address(address), (byte) 0, bytes, stream));
  }

  void upload(long to, Pointer from, long bytes, CUstream stream) {
    requireAlive();
    check("cuMemcpyHtoDAsync", JCudaDriver.cuMemcpyHtoDAsync(new Address(to), from, bytes, stream));
  }

  void download(Pointer to, long from, long bytes, CUstream stream) {
    requireAlive();
    check("cuMemcpyDtoHAsync", JCudaDriver.cuMemcpyDtoHAsync(to, new Address(from), bytes, stream));
  }

  void copy(long to, long from, long bytes, CUstream stream) {
    requireAlive();
    check("cuMemcpyDtoDAsync", JCudaDriver.cuMemcpyDtoDAsync(new Address(to), new Address(from), bytes, stream));
  }

  // ---- kernels

  /**
   * A module from a cubin, or from PTX that ends in a zero byte, in native memory: from an array JCuda would keep the garbage collector
   * from running while the driver compiles, which stops every thread that allocates.
   */
  CUmodule load(ByteBuffer image) {
    requireAlive();
    CUmodule module = new CUmodule();
    check("cuModuleLoadDataEx", JCudaDriver.cuModuleLoadDataEx(module, Pointer.to(image), 0, new int[0], new Pointer()));
    return module;
  }

  CUfunction function(CUmodule module, String symbol) {
    requireAlive();
    CUfunction function = new CUfunction();
    check("cuModuleGetFunction for " + symbol, JCudaDriver.cuModuleGetFunction(function, module, symbol));
    return function;
  }

  void unload(CUmodule module) {
    check("cuModuleUnload", JCudaDriver.cuModuleUnload(module));
  }

  /** Launches a grid; {@code parameters} points to a buffer with one pointer for each parameter. Allocates nothing. */
  void launch(CUfunction function, int x, int y, int z, int threads, CUstream stream, Pointer parameters) {
    requireAlive();
    check("cuLaunchKernel", JCudaDriver.cuLaunchKernel(function, x, y, z, threads, 1, 1, 0, stream, parameters, null));
  }

  // ---- graphs

  /** From now on the stream keeps what it is given, until {@link #endCapture}. */
  void beginCapture(CUstream stream) {
    requireAlive();
    check("cuStreamBeginCapture", JCudaDriver.cuStreamBeginCapture(stream, CAPTURE_RELAXED));
  }

  /** Ends the capture, also if it fails. */
  CUgraph endCapture(CUstream stream) {
    CUgraph graph = new CUgraph();
    check("cuStreamEndCapture", JCudaDriver.cuStreamEndCapture(stream, graph));
    return graph;
  }

  CUgraphExec instantiate(CUgraph graph) {
    requireAlive();
    CUgraphExec executable = new CUgraphExec();
    check("cuGraphInstantiateWithFlags", JCudaDriver.cuGraphInstantiate(executable, graph, 0));
    return executable;
  }

  /** Launches all of a graph. Allocates nothing. */
  void launch(CUgraphExec graph, CUstream stream) {
    requireAlive();
    check("cuGraphLaunch", JCudaDriver.cuGraphLaunch(graph, stream));
  }

  void destroy(CUgraph graph) {
    check("cuGraphDestroy", JCudaDriver.cuGraphDestroy(graph));
  }

  void destroy(CUgraphExec graph) {
    check("cuGraphExecDestroy", JCudaDriver.cuGraphExecDestroy(graph));
  }
}
