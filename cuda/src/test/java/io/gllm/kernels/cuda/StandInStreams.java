package io.gllm.kernels.cuda;

import static io.gllm.kernels.cuda.StandInResult.*;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.gllm.kernels.cuda.ptx.PtxFault;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Objects behind handles, streams, events and graphs of the stand-in for the driver. */
abstract class StandInStreams {
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private record Event(StandInStream[] stream, long[] number) {}

  private record Graph(List<Runnable> work) {}

  private record GraphExec(List<Runnable> work) {}

  /** What the test must not have done. */
  final List<Throwable> failures = new ArrayList<>();

  final Map<Thread, Long> currents = new HashMap<>();
  final Map<Long, Object> handles = new TreeMap<>();
  long nextHandle = 0x5000;
  boolean started;
  long context;
  int sticky;

  /** The error of a call that needs a context, or 0. */
  final int refusal() {
    if (!started) {
      return NOT_INITIALIZED;
    }
    return context == 0 || currents.getOrDefault(Thread.currentThread(), 0L) != context ? INVALID_CONTEXT : sticky;
  }

  final int create(long out, Object object) {
    handles.put(nextHandle += 16, object);
    return putLong(out, nextHandle);
  }

  final <T> T get(long handle, Class<T> type) {
    Object object = handles.get(handle);
    return type.isInstance(object) ? type.cast(object) : null;
  }

  // ---- streams and events

  public int cuStreamCreate(long out, int flags) {
    return refusal() != 0 ? refusal() : flags != 0 && flags != 1 ? INVALID_VALUE : create(out, new StandInStream());
  }

  public int cuStreamSynchronize(long handle) {
    StandInStream stream = get(handle, StandInStream.class);
    if (refusal() != 0 || stream == null) {
      return refusal() != 0 ? refusal() : INVALID_HANDLE;
    }
    if (stream.isCapturing()) {
      stream.invalidate();
      return CAPTURE_UNSUPPORTED;
    }
    stream.run();
    return sticky;
  }

  public int cuStreamDestroy_v2(long handle) {
    StandInStream stream = get(handle, StandInStream.class);
    if (refusal() != 0 || stream == null) {
      return refusal() != 0 ? refusal() : INVALID_HANDLE;
    }
    stream.run(); // a real driver returns at once, and frees the stream when its work is done
    handles.remove(handle);
    return 0;
  }

  public int cuEventCreate(long out, int flags) {
    return refusal() != 0 ? refusal() : create(out, new Event(new StandInStream[1], new long[1]));
  }

  public int cuEventRecord(long handle, long streamHandle) {
    Event event = get(handle, Event.class);
    StandInStream stream = get(streamHandle, StandInStream.class);
    if (refusal() != 0 || event == null || stream == null) {
      return refusal() != 0 ? refusal() : INVALID_HANDLE;
    }
    requireNoCapture(stream);
    event.stream[0] = stream;
    event.number[0] = stream.add(() -> {});
    return 0;
  }

  public int cuEventSynchronize(long handle) {
    Event event = get(handle, Event.class);
    if (refusal() != 0 || event == null) {
      return refusal() != 0 ? refusal() : INVALID_HANDLE;
    }
    if (event.stream[0] != null) {
      event.stream[0].runTo(event.number[0]);
    }
    return sticky;
  }

  public int cuStreamWaitEvent(long streamHandle, long handle, int flags) {
    Event event = get(handle, Event.class);
    StandInStream stream = get(streamHandle, StandInStream.class);
    if (refusal() != 0 || event == null || stream == null || flags != 0) {
      return refusal() != 0 ? refusal() : flags != 0 ? INVALID_VALUE : INVALID_HANDLE;
    }
    requireNoCapture(stream);
    StandInStream other = event.stream[0];
    long number = event.number[0]; // of now: a later record does not count
    if (other != null) {
      stream.add(() -> other.runTo(number));
    }
    return 0;
  }

  public int cuEventDestroy_v2(long handle) {
    return refusal() != 0 ? refusal() : get(handle, Event.class) == null ? INVALID_HANDLE : remove(handle);
  }

  final int remove(long handle) {
    handles.remove(handle);
    return 0;
  }

  /** Where the backend never means to capture: a real driver would make events and other streams a part of the graph. */
  private static void requireNoCapture(StandInStream stream) {
    if (stream.isCapturing()) {
      throw new IllegalStateException("an event on a stream that is being captured");
    }
  }

  // ---- graphs

  public int cuStreamBeginCapture_v2(long handle, int mode) {
    StandInStream stream = get(handle, StandInStream.class);
    if (refusal() != 0 || stream == null || mode != 2) {
      return refusal() != 0 ? refusal() : stream == null ? INVALID_HANDLE : INVALID_VALUE;
    }
    return stream.beginCapture() ? 0 : ILLEGAL_STATE;
  }

  public int cuStreamEndCapture(long handle, long out) {
    StandInStream stream = get(handle, StandInStream.class);
    if (refusal() != 0 || stream == null) {
      return refusal() != 0 ? refusal() : INVALID_HANDLE;
    }
    if (!stream.isCapturing()) {
      return ILLEGAL_STATE;
    }
    List<Runnable> work = stream.endCapture();
    return work == null ? CAPTURE_INVALIDATED : create(out, new Graph(work));
  }

  public int cuGraphInstantiateWithFlags(long out, long handle, long flags) {
    Graph graph = get(handle, Graph.class);
    if (refusal() != 0 || graph == null || flags != 0) {
      return refusal() != 0 ? refusal() : INVALID_VALUE;
    }
    return create(out, new GraphExec(List.copyOf(graph.work)));
  }

  public int cuGraphLaunch(long handle, long streamHandle) {
    GraphExec graph = get(handle, GraphExec.class);
    StandInStream stream = get(streamHandle, StandInStream.class);
    if (refusal() != 0 || graph == null || stream == null) {
      return refusal() != 0 ? refusal() : INVALID_HANDLE;
    }
    if (stream.isCapturing()) {
      throw new IllegalStateException("a graph within a graph");
    }
    graph.work.forEach(stream::add);
    return 0;
  }

  public int cuGraphDestroy(long handle) {
    return refusal() != 0 ? refusal() : get(handle, Graph.class) == null ? INVALID_VALUE : remove(handle);
  }

  public int cuGraphExecDestroy(long handle) {
    return refusal() != 0 ? refusal() : get(handle, GraphExec.class) == null ? INVALID_VALUE : remove(handle);
  }

  // ---- work

  final int enqueue(long streamHandle, boolean valid, Runnable work) {
    StandInStream stream = get(streamHandle, StandInStream.class);
    if (refusal() != 0 || stream == null || !valid) {
      return refusal() != 0 ? refusal() : stream == null ? INVALID_HANDLE : INVALID_VALUE;
    }
    stream.add(() -> {
      if (sticky == 0) {
        try {
          work.run();
        } catch (IllegalArgumentException | PtxFault e) { // memory freed meanwhile, or what a kernel did
          failures.add(e);
          sticky = LAUNCH_FAILED;
        }
      }
    });
    return 0;
  }

  static int putInt(long at, int value) {
    ALL.set(JAVA_INT, at, value);
    return 0;
  }

  static int putLong(long at, long value) {
    ALL.set(JAVA_LONG_UNALIGNED, at, value);
    return 0;
  }
}
