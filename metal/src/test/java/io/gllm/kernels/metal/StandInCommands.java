package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.portable.KernelInterface;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** Command buffers and encoders of the stand-in: messages that Metal takes in this order only. */
final class StandInCommands {
  private static final int MAX_INDEX = 30;
  private static final int MAX_BYTES = 4096;
  private static final int MAX_THREADS = 1024;

  private StandInCommands() {}

  static long answer(StandInMetal metal, StandInObject object, String name, long a, long b, long c, MemorySegment s, MemorySegment t) {
    switch (object.kind + " " + name) {
      case "Commands computeCommandEncoder" -> {
        return encoder(metal, object);
      }
      case "Commands status" -> {
        return object.failure != null ? 5 : object.done ? 4 : object.committed ? 2 : 0;
      }
      case "Commands error" -> {
        return object.failure == null ? 0 : metal.error(object.failure).id;
      }
      case "Commands commit" -> commit(object);
      case "Commands waitUntilCompleted" -> await(metal, object);
      case "Encoder setComputePipelineState:" -> open(object).pipeline = keep(object, metal.object(a, "Pipeline"));
      case "Encoder setBuffer:offset:atIndex:" -> setBuffer(open(object), metal.object(a, "Buffer"), b, c);
      case "Encoder setBytes:length:atIndex:" -> setBytes(open(object), a, b, c);
      case "Encoder dispatchThreadgroups:threadsPerThreadgroup:" -> dispatch(metal, open(object), numbers(s), numbers(t));
      case "Encoder endEncoding" -> open(object).owner.openEncoder = null;
      default -> {
        return metal.common(object, name);
      }
    }
    return 0;
  }

  private static void require(boolean condition, String failure) {
    if (!condition) {
      throw new IllegalArgumentException(failure);
    }
  }

  private static long[] numbers(MemorySegment size) {
    return size.toArray(JAVA_LONG);
  }

  private static long encoder(StandInMetal metal, StandInObject commands) {
    require(!commands.committed, "the command buffer is committed");
    require(commands.openEncoder == null, "another encoder is open");
    StandInObject encoder = metal.autoreleased(metal.create("Encoder").of(commands));
    commands.openEncoder = encoder;
    return encoder.id;
  }

  private static StandInObject open(StandInObject encoder) {
    require(encoder.owner.openEncoder == encoder, "the encoder has ended");
    return encoder;
  }

  /** A command buffer retains what its commands use until they have run. */
  private static StandInObject keep(StandInObject encoder, StandInObject used) {
    if (!encoder.owner.retained.contains(used)) {
      used.references++;
      encoder.owner.retained.add(used);
    }
    return used;
  }

  private static void setBuffer(StandInObject encoder, StandInObject buffer, long offset, long index) {
    require(index >= 0 && index <= MAX_INDEX, "index " + index);
    require(offset >= 0 && offset < buffer.memory.byteSize(), "offset " + offset + " of " + buffer.memory.byteSize() + " bytes");
    require(offset % 4 == 0, "offset " + offset + " is not a multiple of 4");
    encoder.buffers.put((int) index, new StandInObject.Bound(keep(encoder, buffer), offset));
    encoder.values.remove((int) index);
  }

  private static void setBytes(StandInObject encoder, long address, long length, long index) {
    require(index >= 0 && index <= MAX_INDEX, "index " + index);
    require(length > 0 && length <= MAX_BYTES, "length " + length);
    encoder.values.put((int) index, MemorySegment.ofAddress(address).reinterpret(length).toArray(JAVA_BYTE));
    encoder.buffers.remove((int) index);
  }

  private static void dispatch(StandInMetal metal, StandInObject encoder, long[] groups, long[] threads) {
    require(encoder.pipeline != null, "no pipeline is set");
    require(groups[0] > 0 && groups[1] > 0 && groups[2] > 0, "an empty grid");
    KernelInterface kernel = metal.kernel(encoder.pipeline.text);
    long total = threads[0] * threads[1] * threads[2];
    require(total > 0 && total <= MAX_THREADS && total == kernel.threads(), total + " threads in a group");
    int buffers = kernel.buffers().size();
    for (int i = 0; i < buffers; i++) {
      require(encoder.buffers.containsKey(i), "buffer " + i + " of " + kernel.symbol() + " is not set");
    }
    byte[] values = encoder.values.get(buffers);
    require(values != null, "the parameters of " + kernel.symbol() + " are not at index " + buffers);
    require(values.length >= 4 * kernel.parameters().size(), values.length + " bytes of parameters for " + kernel.symbol());
    encoder.owner.work.add(
        new StandInObject.Dispatch(encoder.pipeline, new TreeMap<>(encoder.buffers), new TreeMap<>(encoder.values), groups, total));
  }

  private static void commit(StandInObject commands) {
    require(!commands.committed, "committed twice");
    require(commands.openEncoder == null, "committed while an encoder is open");
    commands.committed = true;
    commands.owner.waiting.add(commands);
  }

  /** Runs what was committed to the queue, up to this command buffer. */
  private static void await(StandInMetal metal, StandInObject commands) {
    require(commands.committed, "not committed");
    while (!commands.done) {
      StandInObject first = commands.owner.waiting.removeFirst();
      try {
        first.failure = metal.refused.contains("status") ? "the GPU hung" : null;
        if (first.failure == null) {
          first.work.forEach(dispatch -> run(metal, dispatch));
        }
      } catch (RuntimeException e) {
        first.failure = e.getMessage();
      }
      first.done = true;
      first.letGo(metal);
    }
  }

  private static void run(StandInMetal metal, StandInObject.Dispatch dispatch) {
    KernelInterface kernel = metal.kernel(dispatch.pipeline().text);
    List<MemorySegment> buffers = new ArrayList<>();
    for (int i = 0; i < kernel.buffers().size(); i++) {
      StandInObject.Bound bound = dispatch.buffers().get(i);
      buffers.add(bound.buffer().memory.asSlice(bound.offset()));
    }
    long[] groups = dispatch.groups();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(KernelInterface.MAX_PARAMETERS * 4L, 16)
          .copyFrom(MemorySegment.ofArray(dispatch.bytes().get(buffers.size())));
      metal.kernels().run(kernel.symbol(), buffers, parameters, (int) groups[0], (int) groups[1], (int) groups[2],
          (int) dispatch.threads());
    }
  }
}
