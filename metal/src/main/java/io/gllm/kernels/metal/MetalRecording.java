package io.gllm.kernels.metal;

import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Dispatches with their arguments. Metal runs a command buffer once, so a replay writes them into a new one. */
final class MetalRecording implements Queue.Captured {
  private static final MetalDispatch[] NONE = {};

  private final MetalQueue queue;
  private final Arena arena = Arena.ofShared();
  private final List<MetalDispatch> recorded = new ArrayList<>();
  private MetalDispatch[] dispatches = NONE;

  MetalRecording(MetalQueue queue) {
    this.queue = queue;
  }

  void add(MetalDispatch dispatch) {
    recorded.add(dispatch.copy(arena));
  }

  MetalRecording finish() {
    dispatches = recorded.toArray(NONE);
    return this;
  }

  @Override
  public void replay() {
    queue.launch(dispatches);
  }

  /** Metal copies arguments when it encodes them, so the replays under way do not need these. */
  @Override
  public void close() {
    dispatches = NONE;
    arena.close();
  }
}
