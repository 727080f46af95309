package io.gllm.kernels.cuda;

import io.gllm.kernels.api.spi.Queue;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;

/** A recording as a graph of the driver, which launches all of its kernels at the cost of one. */
final class CudaGraph implements Queue.Captured {
  private final CudaDevice device;
  private final CudaCalls calls;
  private final CUstream stream;
  private final CUgraphExec executable;

  private CudaGraph(CudaDevice device, CUstream stream, CUgraphExec executable) {
    this.device = device;
    this.calls = device.calls();
    this.stream = stream;
    this.executable = executable;
  }

  /** Makes {@code graph} ready for launches on {@code stream}, and destroys it: the executable one is a copy. */
  static CudaGraph of(CudaDevice device, CUstream stream, CUgraph graph) {
    CudaCalls calls = device.calls();
    CUgraphExec executable;
    try {
      executable = calls.instantiate(graph);
    } catch (RuntimeException e) {
      new Closing(calls).step(() -> calls.destroy(graph));
      throw e;
    }
    CudaGraph made = new CudaGraph(device, stream, executable);
    try {
      calls.destroy(graph);
    } catch (RuntimeException e) {
      new Closing(calls).step(made::close);
      throw e;
    }
    return made;
  }

  @Override
  public void replay() {
    device.context().enter();
    calls.launch(executable, stream);
  }

  /** The driver frees what a launch under way needs when that is over. */
  @Override
  public void close() {
    Closing closing = new Closing(calls);
    closing.step(device.context()::enter);
    closing.step(() -> calls.destroy(executable));
    closing.rethrow();
  }
}
