package io.gllm.kernels.cuda.ptx;

/** A PTX text that is refused, or a launch that does what no kernel may do. The message names the place and the cause. */
public final class PtxFault extends RuntimeException {
  private static final long serialVersionUID = 1;

  PtxFault(String message) {
    super(message);
  }

  PtxFault(int line, String text, String cause) {
    this("line " + line + " `" + text + "`: " + cause);
  }
}
