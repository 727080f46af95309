package io.gllm.kernels.cuda.ptx;

/** One instruction with its registers as indices. */
final class Instruction {
  /** What the group does itself; STEP is all the rest. */
  enum Flow {
    STEP, BRANCH, END, BARRIER
  }

  final int index;
  final int line;
  final String text;
  final String opcode;
  final int guard;
  final boolean negated;
  Flow flow = Flow.STEP;
  int target = -1;
  Step step;

  Instruction(int index, int line, String text, String opcode, int guard, boolean negated) {
    this.index = index;
    this.line = line;
    this.text = text;
    this.opcode = opcode;
    this.guard = guard;
    this.negated = negated;
  }

  PtxFault fault(String cause) {
    return new PtxFault(line, text, cause);
  }
}
