package io.gllm.kernels.rocm.gcn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A kernel, decoded for the machine. */
public final class GcnKernel {
  private static final Map<String, Decode> OPCODES = opcodes();

  final String name;
  final Chip chip;
  final Descriptor descriptor;
  final Constants constants = new Constants();
  final Op[] code;

  private GcnKernel(Chip chip, Descriptor descriptor, Listing.Text text) {
    this.name = text.name();
    this.chip = chip;
    this.descriptor = descriptor;
    this.code = decode(text.lines());
  }

  /**
   * Decodes a kernel.
   *
   * @throws GcnFault that names the instruction, if there is one that is not modelled
   */
  public static GcnKernel decode(Chip chip, Descriptor descriptor, Listing.Text text) {
    if (descriptor.entry() != text.address()) {
      throw new GcnFault(text.name() + " starts at 0x" + Long.toHexString(descriptor.entry()) + ", its listing at 0x"
          + Long.toHexString(text.address()));
    }
    return new GcnKernel(chip, descriptor, text);
  }

  /** How many rows of lanes hold registers: one more than the descriptor says; constants follow, as further ones. */
  int registers() {
    return descriptor.vectors() + 1;
  }

  /** The row that no instruction names. */
  int spare() {
    return descriptor.vectors();
  }

  private static Map<String, Decode> opcodes() {
    Map<String, Decode> table = new HashMap<>();
    VectorOpcodes.addTo(table);
    MaskOpcodes.addTo(table);
    WideOpcodes.addTo(table);
    ScalarOpcodes.addTo(table);
    LogicOpcodes.addTo(table);
    FlowOpcodes.addTo(table);
    GlobalOpcodes.addTo(table);
    SharedOpcodes.addTo(table);
    MatrixOpcodes.addTo(table);
    return table;
  }

  /** All opcodes that are modelled, under the names of GFX11. */
  static Set<String> modelled() {
    return new HashSet<>(OPCODES.keySet());
  }

  private Op[] decode(List<String> lines) {
    List<Op> ops = new ArrayList<>();
    Map<String, Integer> labels = new HashMap<>();
    Map<FlowOpcodes.Branch, String> branches = new HashMap<>();
    for (String line : lines) {
      if (!line.startsWith("\t")) {
        labels.put(line.substring(0, line.length() - 1), ops.size());
        continue;
      }
      String text = line.substring(1);
      try {
        List<Op> decoded = text.contains(" :: ") ? Dual.decode(this, text) : List.of(single(Line.parse(text), -1));
        for (Op op : decoded) {
          op.text = text;
          if (op instanceof FlowOpcodes.Branch branch) {
            branches.put(branch, text.substring(text.indexOf(' ') + 1));
          }
          if (!(op instanceof FlowOpcodes.Hint)) {
            ops.add(op);
          }
        }
      } catch (GcnFault e) {
        throw new GcnFault(name + ": `" + text + "` " + e.getMessage());
      }
    }
    branches.forEach((branch, label) -> {
      if (!labels.containsKey(label)) {
        throw new GcnFault(name + ": `" + branch.text + "` goes nowhere");
      }
      branch.target = labels.get(label);
    });
    return ops.toArray(Op[]::new);
  }

  /** Decodes an instruction; its result goes into vector register {@code instead} if that is not -1. */
  Op single(Line line, int instead) {
    Operands operands = new Operands(line, this, instead);
    Op op = single(operands);
    op.touched = operands.touched();
    return op;
  }

  /** Moves the spare row into a register. */
  Op move(String register) {
    Operands operands = new Operands(new Line("", "", List.of(register), Map.of()), this, -1);
    Op op = VectorOpcodes.copy(operands.result(0, 1), Source.ofRow(spare()));
    op.touched = operands.touched();
    return op;
  }

  private static Op single(Operands operands) {
    String opcode = Names.normal(operands.line.opcode());
    if (FlowOpcodes.HINTS.contains(opcode)) {
      return new FlowOpcodes.Hint();
    }
    Decode decode = OPCODES.get(opcode);
    if (decode == null) {
      throw new GcnFault("is not modelled");
    }
    Op op = decode.of(operands);
    operands.finish();
    return op;
  }
}
