package io.gllm.kernels.metal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An object of the stand-in: what kind it is, who holds it, and what its kind needs. */
final class StandInObject {
  /** A dispatch with everything as it was when it was encoded. */
  record Dispatch(StandInObject pipeline, Map<Integer, Bound> buffers, Map<Integer, byte[]> bytes, long[] groups, long threads) {}

  /** A buffer at an offset. */
  record Bound(StandInObject buffer, long offset) {}

  final String kind;
  final long id;
  int references = 1;
  String text;
  byte[] bytes;
  Arena arena;
  MemorySegment memory;
  /** The queue of a command buffer, the command buffer of an encoder. */
  StandInObject owner;
  /** Queue: committed command buffers that have not run. */
  final List<StandInObject> waiting = new ArrayList<>();
  /** Command buffer: what it retains, and its work. */
  final List<StandInObject> retained = new ArrayList<>();
  final List<Dispatch> work = new ArrayList<>();
  StandInObject openEncoder;
  boolean committed;
  boolean done;
  String failure;
  /** Encoder: what is bound. */
  StandInObject pipeline;
  final Map<Integer, Bound> buffers = new TreeMap<>();
  final Map<Integer, byte[]> values = new TreeMap<>();

  StandInObject(String kind, long id) {
    this.kind = kind;
    this.id = id;
  }

  StandInObject of(StandInObject owner) {
    this.owner = owner;
    return this;
  }

  /** What happens when nobody holds it any more. */
  void dispose(StandInMetal metal) {
    if (kind.equals("Encoder") && owner.openEncoder == this) {
      metal.fail("command encoder released without endEncoding");
    }
    if (kind.equals("Commands") && !(committed && !done)) { // a queue keeps what it has not run
      letGo(metal);
    }
    if (arena != null) {
      memory.fill((byte) 0xdd);
      arena.close();
      arena = null;
    }
  }

  /** Gives up what a command buffer retains. */
  void letGo(StandInMetal metal) {
    retained.forEach(metal::release);
    retained.clear();
    work.clear();
  }
}
