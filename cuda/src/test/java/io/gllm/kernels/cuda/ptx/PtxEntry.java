package io.gllm.kernels.cuda.ptx;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A kernel of a module: what a launch must hand to it, and what it does. */
public final class PtxEntry {
  private final String name;
  private final List<PtxParameter> parameters;
  private final int parameterBytes;
  private final int maxThreads;
  private final int sharedBytes;
  final boolean exactThreads;
  final int sharedGranule;
  final int globalGranule;
  final boolean dynamicShared;
  final List<String> irreproducible;
  final TreeMap<Long, String> sharedNames;
  final Registers registers;
  final Instruction[] code;
  final DeviceMemoryMap statics;

  PtxEntry(EntryParser p, DeviceMemoryMap statics) {
    name = p.name;
    parameters = List.copyOf(p.parameters);
    parameterBytes = p.parameterBytes;
    maxThreads = p.maxThreads;
    exactThreads = p.exactThreads;
    sharedBytes = p.shared.bytes;
    dynamicShared = p.shared.dynamic;
    sharedNames = p.shared.names;
    registers = p.registers;
    irreproducible = List.copyOf(p.irreproducible);
    sharedGranule = p.sharedGranule;
    globalGranule = p.globalGranule;
    code = p.code.toArray(new Instruction[0]);
    this.statics = statics;
  }

  public String name() {
    return name;
  }

  /** The parameters in the order of the text. */
  public List<PtxParameter> parameters() {
    return parameters;
  }

  /** The size of the block of parameters. */
  public int parameterBytes() {
    return parameterBytes;
  }

  /** The most threads of a group: the product of {@code .maxntid}, 1024 where the text has none. */
  public int maxThreads() {
    return maxThreads;
  }

  /** The static shared memory, bytes. */
  public int sharedBytes() {
    return sharedBytes;
  }

  /** The instructions whose result is not the same on every device: contractible and approximate ones, with their lines. */
  public List<String> irreproducible() {
    return irreproducible;
  }

  /** Whether groups may depend on each other. */
  boolean isAtomic() {
    for (Instruction i : code) {
      if (i.opcode.startsWith("atom.") || i.opcode.startsWith("red.")) {
        return true;
      }
    }
    return false;
  }

  /** How often each opcode stands in the text. */
  public Map<String, Long> opcodes() {
    Map<String, Long> count = new TreeMap<>();
    for (Instruction i : code) {
      count.merge(i.opcode, 1L, Long::sum);
    }
    return count;
  }

  /** The shared variable at an offset, for messages. */
  String sharedName(long offset) {
    Map.Entry<Long, String> e = sharedNames.floorEntry(offset);
    return e == null ? "shared+" + offset : e.getValue() + "+" + (offset - e.getKey());
  }
}
